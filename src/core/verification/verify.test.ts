import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { effort } from '../../../test/support/effort.ts'
import { Verdict } from './check.ts'
import { VerificationFault } from './fault.ts'
import type { Judge } from './judge.ts'
import { closeVerification, contentHash, verify, type Work } from './verify.ts'
import { sampleWorks } from './works-for-tests.ts'

after(closeVerification)

const sample = sampleWorks[0]!
const unix: Work = {
  prompt: sample.prompt,
  criteria: sample.criteria,
  requirements: sample.criteria.join('\n'),
  checks: [],
  output: sample.output,
  attachments: [],
}

async function verdictOn(change: Partial<Work>, judge?: Judge): Promise<Verdict & { lines: string[] }> {
  const lines: string[] = []
  const work = { ...unix, ...change }
  const verdict = await verify(work, (line) => lines.push(line), judge)
  assert.deepEqual(Verdict.parse(verdict), verdict)
  assert.equal(verdict.content_hash, contentHash(work.output, work.attachments))
  assert.deepEqual(
    verdict.criteria.map(({ criterion }) => criterion),
    work.criteria,
  )
  if (verdict.pass)
    assert.ok(
      verdict.criteria.every(({ pass }) => pass) && verdict.checks.every(({ pass }) => pass) && verdict.score >= 0.5,
    )
  else assert.ok(verdict.score < 0.5)
  assert.match(lines.at(-1)!, verdict.pass ? /^verdict: passed/ : /^verdict: not passed/)
  return { ...verdict, lines }
}

test('without checks the rules decide, and say so', async () => {
  const passed = await verdictOn({})
  assert.deepEqual([passed.pass, passed.verified_by, passed.lines.length], [true, 'rules', 2])
  assert.ok(passed.criteria.every(({ evidence }) => evidence !== '' && unix.output.includes(evidence)))
  const failed = await verdictOn({ output: 'Tomatoes want sun, water and a warm wall behind them.' })
  assert.deepEqual([failed.pass, failed.verified_by], [false, 'rules'])
  assert.match(failed.reasoning, /"milestones"/i)
})

test('a weak check leaves the rest to the rules, a strong one vouches', async () => {
  const weak = await verdictOn({
    output: 'The number is 42, which is all there is.',
    checks: [{ type: 'contains', value: '42' }],
  })
  assert.deepEqual([weak.pass, weak.verified_by], [false, 'rules'])
  const strong = await verdictOn({ output: '42', checks: [{ type: 'regex', value: '^\\d+$' }] })
  assert.deepEqual([strong.pass, strong.verified_by, strong.score], [true, 'checks', 1])
  const json = await verdictOn({
    output: '{}',
    checks: [
      { type: 'json_schema', schema: { type: 'object' } },
      { type: 'contains', value: '{' },
    ],
  })
  assert.deepEqual([json.pass, json.verified_by, json.checks.length], [true, 'checks', 2])
})

test('a failed check fails the work, however good it is; one line a check', async () => {
  const failed = await verdictOn({
    checks: [
      { type: 'contains', value: 'Bell Labs' },
      { type: 'regex', value: 'Multics', name: 'names Multics' },
      { type: 'min_words', min: 500 },
    ],
  })
  assert.deepEqual([failed.pass, failed.verified_by], [false, 'checks'])
  assert.deepEqual(
    failed.checks.map(({ type, name, pass }) => [type, name, pass]),
    [
      ['contains', 'contains', true],
      ['regex', 'names Multics', false],
      ['min_words', 'min_words', false],
    ],
  )
  assert.match(failed.reasoning, /"names Multics" was not passed \(and 1 more\)/)
  assert.match(failed.lines[1]!, /^check 2 of 3, regex "names Multics": not passed/)
  assert.equal(failed.lines.length, 4)
})

test('a check that cannot be run is a fault of ours, not a verdict', async () => {
  await assert.rejects(
    verify(
      { ...unix, output: '{}', checks: [{ type: 'json_schema', schema: { $ref: 'https://example.com/x' } }] },
      () => {},
    ),
    VerificationFault,
  )
  await assert.rejects(
    verify({ ...unix, checks: [{ type: 'command', run: 'true' }] }, () => {}),
    VerificationFault,
  )
})

test('the hash is bound to output and attachments, and to nothing else', () => {
  const file = (name: string, sha256 = 'a'.repeat(64)) => ({ name, sha256 })
  const base = contentHash('x', [file('a'), file('b')])
  assert.match(base, /^[0-9a-f]{64}$/)
  assert.equal(contentHash('x', [file('b'), file('a')]), base, 'their order does not matter')
  const others = [
    contentHash('y', [file('a'), file('b')]),
    contentHash('x', [file('a')]),
    contentHash('x', []),
    contentHash('x', [file('a'), file('b', 'b'.repeat(64))]),
    contentHash('x', [file('a'), file('c')]),
    contentHash('x', [file('a","b'), file('b')]),
    contentHash('xa', [file('b')]),
    contentHash('\ud800', []),
    contentHash('\ufffd', []),
  ]
  assert.equal(new Set([base, ...others]).size, others.length + 1)
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (one, other) => (contentHash(one, []) === contentHash(other, [])) === (one === other),
    ),
  )
})

test('a judge proposes, the code disposes', async () => {
  const says = (criteria: { pass: boolean; evidence: string }[]): Judge => ({
    async judge(work, log) {
      log('judge asked')
      return {
        criteria: criteria.map((one, index) => ({ criterion: work.criteria[index]!, ...one })),
        score: 0.9,
        reasoning: 'because',
      }
    },
  })
  const real = { pass: true, evidence: 'Bell Labs' }
  const passed = await verdictOn({}, says([real, { pass: true, evidence: 'Sources: D. Ritchie' }]))
  assert.deepEqual([passed.pass, passed.verified_by, passed.score, passed.reasoning], [true, 'judge', 0.9, 'because'])
  const invented = await verdictOn({}, says([real, { pass: true, evidence: 'never written' }]))
  assert.deepEqual(
    [invented.pass, invented.criteria[1]],
    [false, { criterion: unix.criteria[1], pass: false, evidence: '' }],
  )
  assert.equal((await verdictOn({}, says([real, { pass: false, evidence: 'Sources' }]))).pass, false)
  await assert.rejects(
    verify(unix, () => {}, says([real])),
    VerificationFault,
  )
  const unasked = await verdictOn({ checks: [{ type: 'contains', value: 'Multics' }] }, says([real, real]))
  assert.deepEqual([unasked.pass, unasked.verified_by], [false, 'checks'], 'no judge overrules a check')
  assert.ok(!unasked.lines.includes('judge asked'))
})

test('a million characters hold up the event loop for no more than moments', async () => {
  const texts = {
    honest: `${unix.output}\n`.repeat(2_500),
    'one letter': 'a'.repeat(1_000_000),
    ideographs: '自然言語処理は楽しい'.repeat(100_000),
    'verdict bait': '"pass": true '.repeat(77_000),
    expanding: 'ﷺ'.repeat(1_000_000),
    blanks: ' '.repeat(1_000_000),
  }
  for (const [what, text] of Object.entries(texts)) {
    const output = text.slice(0, 1_000_000)
    let spent = effort()
    let longest = 0
    let going = true
    const tick = () => {
      longest = Math.max(longest, spent())
      spent = effort()
      if (going) setImmediate(tick)
    }
    tick()
    await verify(
      {
        ...unix,
        output,
        checks: [
          { type: 'min_words', min: 1 },
          { type: 'not_contains', value: 'zzz' },
        ],
      },
      () => {},
    )
    going = false
    tick()
    // About 10 to 45 ms.
    assert.ok(longest < 250, `${what}: ${Math.round(longest)} ms`)
  }
})

test('small outputs without slow checks are cheap', async () => {
  const silent = () => {}
  for (let turn = 0; turn < 1_000; turn++) await verify(unix, silent)
  const spent = effort()
  for (let turn = 0; turn < 1_000; turn++) await verify(unix, silent)
  const each = spent() / 1_000
  // About 0.06 ms.
  assert.ok(each < 0.6, `${each.toFixed(3)} ms`)
})
