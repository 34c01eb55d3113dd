import assert from 'node:assert/strict'
import test from 'node:test'
import { composeEvents } from '../../src/core/channels/compose.ts'
import { discordBody } from '../../src/core/channels/discord.ts'
import { letterOf } from '../../src/core/channels/email.ts'
import { slackBody } from '../../src/core/channels/slack.ts'
import { telegramText } from '../../src/core/channels/telegram.ts'
import { kindsOf } from '../../src/core/events/feed.ts'
import { eventKinds } from '../../src/market.ts'
import { until } from '../support/processes.ts'
import { channel, happen, open } from './stage.ts'
import { subjectOf } from './stand-ins.ts'

const titles = [
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '</b></a><a href="https://evil.example">Your wallet</a>',
  '[Your wallet](https://evil.example) **now** __now__ ~~no~~ ||look||',
  '`code` ```block``` > quote # head - item',
  '<https://evil.example|Your wallet> *now* _now_ ~no~ &lt;x&gt;',
  '@everyone @here <@123> <!channel> <!here> <@U123> <#C1> <@&1>',
  'see https://evil.example/path or evil.example or www.evil.example',
  'mail me: eve@evil.example, call /start@bot or #tag $CASH',
  'one\r\nBcc: all@people.test\r\n\r\nbody',
  'one\nSubject: two\u2028three\u2029four\u0085five\0six\u0007',
  '\u202Egnp.elif\u202C \u2066hidden\u2069 \u200B\u200D\uFEFF',
  '=?UTF-8?B?QmNjOiBhbGxAcGVvcGxlLnRlc3Q=?=',
  '{title} [{amount_cents}] %s {{7*7}} $'.concat('{process.env}'),
  `${'very '.repeat(500)}long`,
  '\uD800 half a character',
  '\\*not escaped\\* \\[link\\](https://evil.example)',
]

const composer = { kinds: kindsOf(eventKinds), appUrl: 'https://market.example' }
const noteOf = (title: string) =>
  composeEvents(composer, {
    id: 'x',
    events: [{ id: 'e', seq: 1, event: 'gig.created', data: { title, status: 'draft' }, timestamp: '' }],
    many: 1,
    token: 'token',
    isFirst: false,
  })
const ours = /https:\/\/market\.example\/[\w?=.&;-]*/g

test('whatever people write into a title stays text in every channel', () => {
  for (const title of titles) {
    const note = noteOf(title)
    // Every link in it is ours, and nothing else looks like one.
    const telegram = telegramText(note)
    assert.deepEqual(
      [...telegram.matchAll(/<\/?(\w+)/g)].map(([, name]) => name),
      ['a', 'a', 'i', 'i', 'a', 'a'],
      title,
    )
    const { content, allowed_mentions, flags } = discordBody(note)
    assert.deepEqual([allowed_mentions, flags], [{ parse: [] }, 4])
    const [line = ''] = content.split(' [Open](')
    const given = /“(.*)”/s.exec(line)![1]!
    assert.doesNotMatch(
      given.replaceAll(/\\[^A-Za-z0-9\s]/g, ''),
      /[\\`*_{}[\]()<>#|~@:]/,
      `unescaped for Discord: ${given}`,
    )
    const slack = slackBody(note)
    assert.equal((slack.blocks[0]!.text as { type: string }).type, 'plain_text')
    assert.doesNotMatch(slack.text, /[<>]|&(?!amp;|lt;|gt;)/)
    assert.equal(slack.mrkdwn, false)
    const letter = letterOf('ada@people.test', note)
    assert.doesNotMatch(letter.subject, /[\r\n\u2028\u2029\0]/)
    assert.deepEqual(
      [...letter.html.matchAll(/<(\w+)/g)].map(([, name]) => name),
      ['html', 'body', 'p', 'br', 'a', 'hr', 'p', 'a'],
      title,
    )
    for (const text of [telegram, content, JSON.stringify(slack), letter.text, letter.html, letter.subject]) {
      const rest = text.replaceAll(ours, '')
      assert.doesNotMatch(
        rest,
        /https?:\/\/\w|www\.\w|evil\.example|@\w|[\u202a-\u202e\u2066-\u2069\u200b]/,
        `${title} → ${rest}`,
      )
      assert.ok(text.length < 3_000 && text.isWellFormed())
    }
    assert.equal(letter.text.split('\n').filter((text) => /^(Bcc|Subject):/i.test(text)).length, 0)
  }
})

test('a mail server is handed one letter to one address, whatever a title says', async (context) => {
  const { market, post, ada } = await open(context)
  await market.db.rows(`update app_user set email_verified_at = app_now() where id = $1`, [ada.userId])
  await channel(ada, 'email', { address: ada.email })
  for (const title of titles)
    await happen(market, ada, 'gig.created', { title: title.replaceAll('\0', '').toWellFormed(), status: 'draft' })
  const left = async (): Promise<number> =>
    (await market.db.rows<{ left: number }>(`select count(*)::int as left from channel_delivery`))[0]!.left
  await until('they wait', async () => (await ada.ask<unknown[]>('GET', '/api/events')).body.length >= titles.length)
  await market.advance(700)
  await until('they have come', async () => (await left()) === 0)
  for (const letter of post.letters) {
    assert.deepEqual(letter.to, [ada.email])
    assert.deepEqual([letter.headers.to, letter.headers.from], [ada.email, 'The market <market@market.test>'])
    assert.equal('bcc' in letter.headers, false)
    assert.match(subjectOf(letter), /^The gig “/)
  }
})
