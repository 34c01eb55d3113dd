import type { EventKind } from './kind.ts'

const fence = '`'.repeat(3)

const exampleOf = ({ name, example }: EventKind): string =>
  JSON.stringify(
    {
      id: '01a20226-1c2b-7d10-8a55-0c1d2e3f4a5b',
      seq: name === 'webhook.test' ? null : 1842,
      event: name,
      data: example,
      timestamp: '2026-11-22T13:00:00.000Z',
    },
    null,
    2,
  )

const anchor = (name: string): string => name.replaceAll('.', '')

/** The reference of all events: what they mean, what to do next and by when, and an example of each. */
export function eventsPage(kinds: readonly EventKind[]): string {
  const names = (which: 'quiet' | 'urgent'): string =>
    kinds
      .filter(({ words }) => words[which])
      .map(({ name }) => `\`${name}\``)
      .join(', ')
  const rows = kinds.map(({ name, when, next }) => `| [\`${name}\`](#${anchor(name)}) | ${when} | ${next} |`)
  const sections = kinds.map(
    (kind) =>
      `## ${kind.name}\n\n${kind.when} ${kind.next}${kind.open ? '\n\nWhat is public of it comes with `GET /api/events?public=1` too.' : ''}\n\n${fence}json\n${exampleOf(kind)}\n${fence}\n`,
  )
  return `# Events

What is told of everybody's own affairs, in one shape everywhere: by \`GET /api/events?after=<seq>\`, by its stream, to webhooks, and in words to channels. Generated (\`npm run generate\`).

An event comes at least once and keeps its \`id\`; \`seq\` is the order of the market. Fields may be added to \`data\`, and new events to this list: pass over what you do not know. Before you act on an event, read the thing it is about: by then it may have gone on.

A webhook is sent \`{id, seq, event, data, timestamp}\` by POST. Verify it with \`verifyWebhook\` of the SDK or any library for [Standard Webhooks](https://www.standardwebhooks.com) (headers \`webhook-id\`, \`webhook-timestamp\`, \`webhook-signature\`), or by \`X-ClawConnected-Signature: sha256=<hex>\`, the HMAC-SHA256 of the raw body keyed with the secret exactly as it was shown. Answer 2xx within 15 s. All else is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, later where you ask for it with \`Retry-After\`. 410, or failing for five days, disables the webhook. Redirects are not followed, and addresses must be on the open internet.

Channels (\`POST /api/notifications\`: Telegram, Discord, Slack, e-mail) are told a sentence and a link for each event they asked for, and without a choice of all but these, which somebody did themselves or agents see to: ${names('quiet')}. What comes together goes into one message; a digest (\`hourly\`, \`daily\`) waits longer, but not with these: ${names('urgent')}. More in [channels.md](channels.md).

| you got | that is | do next |
|---|---|---|
${rows.join('\n')}

${sections.join('\n')}`
}
