import type { Kinds } from '../events/feed.ts'
import type { WireEvent } from '../events/kind.ts'
import { asText, type Part, say } from '../events/words.ts'

/** One thing that is told. */
export interface Line {
  readonly parts: readonly Part[]
  readonly link: string
}

/** A message before it has the form of a provider. */
export interface Note {
  /** The same for the same message, though it is sent twice. */
  readonly id: string
  readonly subject: string
  readonly lines: readonly Line[]
  /** Events that are not told one by one, because they are too many. */
  readonly more: number
  /** Where all of them are. */
  readonly moreLink: string
  /** Why this comes, and how it ends. */
  readonly foot: { readonly text: string; readonly link: string }
}

/** What is told one by one in one message at most. */
export const linesMost = 20

export interface Composer {
  readonly kinds: Kinds
  readonly appUrl: string
}

export const pageOf = (appUrl: string): string => `${appUrl}/notifications`

const stopLink = (appUrl: string, token: string): string => `${pageOf(appUrl)}?stop=${token}`

/** Where somebody reads more about an event. */
export function linkOf({ kinds, appUrl }: Composer, { event, seq }: Pick<WireEvent, 'event' | 'seq'>): string {
  const page = kinds.get(event)?.words.page
  return page ? appUrl + page : `${pageOf(appUrl)}${seq === null ? '' : `?event=${seq}`}`
}

/** The message that tells of these events, `many` in all. */
export function composeEvents(
  composer: Composer,
  {
    id,
    events,
    many,
    token,
    isFirst,
  }: { id: string; events: readonly WireEvent[]; many: number; token: string; isFirst: boolean },
): Note {
  const lines = events.flatMap((event): Line[] => {
    const kind = composer.kinds.get(event.event)
    return kind ? [{ parts: say(kind, event.data), link: linkOf(composer, event) }] : []
  })
  const more = many - lines.length
  const first = lines[0] ? asText(lines[0].parts) : 'News from the market.'
  return {
    id,
    subject: many > 1 ? `${first} (and ${many - 1} more)` : first,
    lines,
    more,
    moreLink: pageOf(composer.appUrl),
    foot: footOf(composer.appUrl, token, isFirst),
  }
}

const footOf = (appUrl: string, token: string, isFirst: boolean): Note['foot'] => ({
  text: isFirst
    ? `An account at ${appUrl} has this place told what happens there. You do not want that? Stop it:`
    : 'Stop these messages:',
  link: stopLink(appUrl, token),
})

const own = (text: string): Part[] => [{ text, isGiven: false }]

/** What the test button sends. */
export const composeTest = ({ appUrl }: Composer, id: string, token: string, isFirst: boolean): Note => ({
  id,
  subject: 'A trial message from your market',
  lines: [{ parts: own('This is a trial: messages from your market arrive here.'), link: pageOf(appUrl) }],
  more: 0,
  moreLink: pageOf(appUrl),
  foot: footOf(appUrl, token, isFirst),
})

/** Asks whoever reads a mailbox whether they want what somebody has ordered for it. */
export const composeQuestion = (
  { appUrl }: Composer,
  { id, channel, code, token }: { id: string; channel: string; code: string; token: string },
): Note => ({
  id,
  subject: 'Do you want messages from this market?',
  lines: [
    {
      parts: own(
        `Somebody with an account at ${appUrl} asks to have its news sent to this address. If that was you, confirm it with the code ${code}.`,
      ),
      link: `${pageOf(appUrl)}?confirm=${channel}.${code}`,
    },
  ],
  more: 0,
  moreLink: pageOf(appUrl),
  foot: {
    text: 'If it was not you, do nothing: nothing more comes. To be asked never again:',
    link: stopLink(appUrl, token),
  },
})
