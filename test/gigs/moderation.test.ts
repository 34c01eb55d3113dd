import assert from 'node:assert/strict'
import test from 'node:test'
import { moderate } from '../../src/desks/gigs/review/moderate.ts'
import { texts } from './moderation-texts.ts'

for (const [verdict, labelled] of Object.entries(texts)) {
  test(`${labelled.length} texts that the rules ${{ pass: 'let pass', wait: 'doubt', refuse: 'refuse' }[verdict]}`, () => {
    assert.ok(labelled.length >= 30)
    const wrong = labelled
      .map((text) => ({ text, ...moderate(text) }))
      .filter((said) => said.verdict !== verdict)
      .map((said) => `${JSON.stringify(said.text)}: ${said.verdict}, ${said.reason}`)
    assert.deepEqual(wrong, [])
  })
}

test('the reason names what it is and repeats nothing of it', () => {
  const reasons: Readonly<Record<string, RegExp>> = {
    'Write to ada@example.com.': /^It was not published, because it contains contact details/,
    'https://example.com/x': /contains a link/,
    'What an asshole.': /contains an insult/,
    'My IBAN is DE89 3704 0044 0532 0130 00': /contains personal data/,
    aaaaaaaaaaaaaaaa: /no words that anybody could read/,
    'I give you $50 for a five star review.': /an offer of money or favours for stars/,
    'He is a liar.': /^An operator looks at it first, because it may contain an insult\.$/,
  }
  for (const [text, reason] of Object.entries(reasons)) {
    const said = moderate(text)
    assert.match(String(said.reason), reason, text)
    for (const word of ['ada', 'example', 'asshole', 'DE89', 'aaaa', '50', 'liar'])
      assert.ok(!said.reason?.includes(word), `${said.reason} repeats ${word}`)
  }
  assert.match(
    String(moderate('asshole@example.com, you asshole, see www.x.org').reason),
    /contact.*; a link; an insult\.$/,
  )
})

test('what is sure weighs more than what may be, and the longest text is judged whole', () => {
  assert.equal(moderate('He is a liar. Write to ada@example.com.').verdict, 'refuse')
  assert.equal(moderate(`${'A fine piece of work, well tested. '.repeat(280)} ada@example.com`).verdict, 'refuse')
})
