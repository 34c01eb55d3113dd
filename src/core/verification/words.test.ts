import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countWords, stem, termsOf } from './words.ts'

/** Strings of what borders are made of, rather than of random code points. */
const mixed = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    'Z',
    'É',
    'ß',
    '字',
    'の',
    'ก',
    'า',
    "'",
    '’',
    ' ',
    '\n',
    '\u0301',
    '\u200b',
    '😀',
    '𠀀',
    '𝒜',
    '_',
    '.',
    '7',
    '\ud800',
    '\udc00',
  ),
})

const stems = (text: string, parts = true) =>
  termsOf(text, { start: 0, end: text.length }, parts).map((term) => term.stem)

test('words of every script count', () => {
  const counts: readonly (readonly [string, number])[] = [
    ['', 0],
    [' \n\t—…!? 😀 👩‍👩‍👧', 0],
    ['one', 1],
    ["it's two", 2],
    ['l’eau d’été', 2],
    ['snake_case kebab-case', 4],
    ['naïve café Straße', 3],
    ['cafe\u0301 in NFD', 3],
    ['soft\u00ADhyphen zero\u200Bwidth', 2],
    ['исследование истории', 2],
    ['컴퓨터 과학', 2],
    ['自然言語', 4],
    ['カタカナとkana', 6],
    ['مضادات أكسدة', 2],
    ['กา กา', 2],
    ['𠀀𠀁 and 𝒜𝒷', 4],
    ['3.14', 2],
  ]
  for (const [text, words] of counts) assert.equal(countWords(text), words, JSON.stringify(text))
})

test('without spaces the count is near a dictionary’s', () => {
  const texts = {
    th: 'การออกกำลังกายสม่ำเสมอช่วยให้หัวใจแข็งแรงนอนหลับดีขึ้นและลดความเครียดประโยชน์ของมันเห็นได้ภายในไม่กี่สัปดาห์',
    km: 'ភាសាខ្មែរគឺជាភាសាផ្លូវការរបស់ប្រទេសកម្ពុជា',
    de: 'Die Bibliothek öffnet um neun Uhr, und bleibt bis abends geöffnet.',
    ar: 'يحتوي زيت الزيتون البكر على مضادات أكسدة تحمي القلب',
  }
  for (const [language, text] of Object.entries(texts)) {
    const dictionary = [...new Intl.Segmenter(language, { granularity: 'word' }).segment(text)].filter(
      (piece) => piece.isWordLike,
    ).length
    const ratio = countWords(text) / dictionary
    assert.ok(ratio > 0.65 && ratio < 1.6, `${language}: ${ratio}`)
  }
})

test('counting is additive over a blank, and never more than the characters', () => {
  fc.assert(
    fc.property(mixed, mixed, (one, other) => {
      assert.equal(countWords(`${one}\n${other}`), countWords(one) + countWords(other))
      assert.ok(countWords(one) <= one.length)
    }),
  )
})

test('every term stands where it says, in order, inside the span', () => {
  fc.assert(
    fc.property(fc.oneof(mixed, fc.string({ unit: 'binary' })), fc.nat(20), (text, from) => {
      const span = { start: Math.min(from, text.length), end: text.length }
      let last = span.start
      for (const { start, end, part } of termsOf(text, span, true)) {
        assert.ok(start >= span.start && end <= span.end && start < end)
        if (!part) {
          assert.ok(start >= last || end > last, 'whole terms go forward')
          last = start
        }
      }
    }),
  )
})

test('identifiers speak of their parts, prose does not', () => {
  assert.deepEqual(stems('reverseLinkedList'), ['revers', 'link', 'list', 'reverse'])
  assert.deepEqual(stems('reverse_linked_list'), ['revers', 'link', 'list'])
  assert.deepEqual(stems('parseHTTPServer'), ['pars', 'http', 'server', 'parseht'])
  assert.deepEqual(stems('JavaScript', false), ['javascr'])
  assert.ok(stems('in JavaScript').includes('javascr'))
})

test('forms of a word share a stem', () => {
  const families = [
    ['translate', 'translated', 'translates', 'translating', 'translation', 'translations'],
    ['list', 'lists', 'listed', 'listing'],
    ['query', 'queries'],
    ['test', 'tests', 'tested', 'testing'],
    ['stop', 'stops', 'stopped', 'stopping'],
    ['summary', 'summaries', 'summarise', 'summarize'],
    ['история', 'истории', 'историю'],
  ]
  for (const [first, ...others] of families)
    for (const other of others) assert.equal(stem(other), stem(first!), `${first}, ${other}`)
  for (const [one, other] of [
    ['test', 'text'],
    ['price', 'prison'],
    ['cat', 'car'],
    ['form', 'firm'],
  ] as const)
    assert.notEqual(stem(one), stem(other))
})
