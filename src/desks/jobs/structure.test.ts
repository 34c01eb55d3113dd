import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { effort } from '../../../test/support/effort.ts'
import { verify } from '../../core/verification/verify.ts'
import { sampleWorks } from '../../core/verification/works-for-tests.ts'
import { type Structured, structure } from './structure.ts'

/** A bug report in the shape of a real issue template, with everything around it that nobody reads. */
const bugReport = `[HOLD for payment 2025-02-06] [$250] Basket - Total is not updated after removing an article

If you haven’t already, check out our [contributing guidelines](https://example.com/c) for onboarding!
___

**Version Number:** 9.0.90-0
**Reproducible in staging?:** Yes
**Email or phone of affected tester (no customers):** tester@example.com
**Issue reported by:** Applause Internal Team

## Action Performed:
1. Open the shop.
2. Put two articles into the basket; the total must be shown.
3. Remove one.

## Expected Result:
The total should go down at once.

## Actual Result:
The total stays as it was.

<details><summary>Upwork Automation - Do Not Edit</summary>
    <ul><li>Upwork Job URL: https://www.upwork.com/jobs/1</li>
<li>Automatic offers: </li><ul>
<li>somebody | Contributor | 105112237</li>
</ul></ul>
</details>

## Workaround:
Unknown

## Platforms:
<!---
Check off any platforms that are affected by this issue
--->
- [x] Android: Standalone
- [ ] iOS: Standalone

## Screenshots/Videos
![shot](https://example.com/a.png)`

function assertSound(made: Structured, prompt: string): void {
  const about = JSON.stringify(prompt.slice(0, 80))
  assert.ok(made.title.length >= 1 && made.title.length <= 200, about)
  assert.ok(made.intent.length >= 1 && made.intent.length <= 10_000, about)
  assert.ok(made.description.length >= 1 && made.description.length <= 10_000, about)
  assert.ok(made.requirements.length >= 1 && made.requirements.length <= 10_000, about)
  assert.ok(made.acceptance_criteria.length >= 1 && made.acceptance_criteria.length <= 10, about)
  for (const criterion of made.acceptance_criteria) {
    assert.ok(criterion.length >= 1 && criterion.length <= 500 && !criterion.includes('\n'), about)
    assert.ok(made.requirements.length >= 9_000 || made.requirements.includes(criterion), about)
  }
  assert.equal(new Set(made.acceptance_criteria).size, made.acceptance_criteria.length, about)
  assert.ok(
    Number.isInteger(made.estimated_price_cents) &&
      made.estimated_price_cents >= 100 &&
      made.estimated_price_cents <= 100_000,
    about,
  )
  assert.ok(
    Number.isInteger(made.estimated_time_limit_seconds) &&
      made.estimated_time_limit_seconds >= 60 &&
      made.estimated_time_limit_seconds <= 86_400,
    about,
  )
  const text = JSON.stringify(made)
  assert.ok(text.isWellFormed() && !text.includes('\\u0000') && !/\\ud[89a-f]/.test(text), `storable: ${about}`)
}

test('the documented example gets the documented price and time', () => {
  const made = structure('Research the history of the Unix operating system')
  assert.deepEqual(made, {
    title: 'Research the history of the Unix operating system',
    intent: 'Research the history of the Unix operating system',
    description: 'Research the history of the Unix operating system',
    requirements: 'Research the history of the Unix operating system',
    acceptance_criteria: ['Research the history of the Unix operating system'],
    skill: 'research',
    estimated_price_cents: 500,
    estimated_time_limit_seconds: 3_600,
    structured_by: 'rules',
  })
})

test('an issue template becomes a job without its bookkeeping', () => {
  const made = structure(bugReport)
  assert.equal(made.title, 'Basket - Total is not updated after removing an article')
  assert.deepEqual(made.acceptance_criteria, ['The total should go down at once.'])
  assert.match(made.intent, /^Solve "Basket .*so that this holds: The total should go down at once\.$/)
  assert.match(made.description, /Actual Result:\nThe total stays as it was\./)
  assert.match(made.description, /Platforms:\n- Android: Standalone$/)
  assert.doesNotMatch(
    made.description,
    /Upwork|Contributor|Version|Applause|contributing|Check off|iOS|png|Workaround|Unknown|<|\*\*/,
  )
})

test('titles are the first thing that says what is wanted', () => {
  const titles: readonly (readonly [string, string])[] = [
    ['please write a haiku', 'Write a haiku'],
    ['Hi there,\n\ncan you please translate this letter to French?\n\nThanks!', 'Translate this letter to French'],
    ['**Task:** Kubernetes cost review\nContext: three clusters', 'Kubernetes cost review'],
    ['## Build a REST API for a todo app\n\nWe need a backend.', 'Build a REST API for a todo app'],
    ['I need a logo for my coffee shop. Deliver SVG.', 'A logo for my coffee shop'],
    [
      'We run a small bakery. Write a product description for our rye bread. Keep it short.',
      'Write a product description for our rye bread',
    ],
    ['[$500] iOS - Keyboard covers the input', 'iOS - Keyboard covers the input'],
    ['https://example.com/issue/1\n\nFix the crash described there', 'Fix the crash described there'],
    ['# Background\n\nOur site is slow.\n\n## Goal\nMake it load in a second', 'Our site is slow'],
    ['请写一篇关于人工智能历史的文章。文章必须至少800字。', '请写一篇关于人工智能历史的文章'],
    ['', 'Untitled job'],
    ['!!! 😀 ---', 'Untitled job'],
  ]
  for (const [prompt, title] of titles) assert.equal(structure(prompt).title, title)
  const long = structure(`Compare ${'very long words and more '.repeat(30)}`).title
  assert.ok(long.length <= 120 && /\w…$/.test(long), long)
})

test('criteria come from what the prompt calls required, else from must and should, else from orders', () => {
  const criteria: readonly (readonly [string, readonly string[]])[] = [
    [
      'Build an API\n\n## Requirements\n- CRUD endpoints\n- JWT sign-in\n\n## Out of scope\nA web page',
      ['CRUD endpoints', 'JWT sign-in'],
    ],
    [
      'Acceptance criteria:\n1. it builds\n2) tests pass\n* docs are there',
      ['It builds', 'Tests pass', 'Docs are there'],
    ],
    ['The sync is broken.\nExpected: files appear in a minute\nActual: nothing', ['Files appear in a minute']],
    [
      'A landing page for a gym. It must load in a second. The form should validate phones.',
      ['It must load in a second.', 'The form should validate phones.'],
    ],
    [
      'Rewrite our emails. The report should include:\n- old line\n- new line',
      ['The report should include: old line', 'The report should include: new line', 'Rewrite our emails'],
    ],
    [
      '1. Collect prices of gold\n2. Plot them as PNG\n3. collect prices of  **gold**.',
      ['Collect prices of gold', 'Plot them as PNG'],
    ],
    ['Write a poem on rain. Keep it light.', ['Write a poem on rain']],
    [
      'Un artículo sobre el mar, debe tener al menos 300 palabras.',
      ['Un artículo sobre el mar, debe tener al menos 300 palabras.'],
    ],
    ['login page broken', ['The problem is solved: Login page broken']],
    ['a birthday speech', ['The work does what was asked: A birthday speech']],
  ]
  for (const [prompt, wanted] of criteria) assert.deepEqual(structure(prompt).acceptance_criteria, wanted, prompt)
  const many = structure(
    `Requirements\n${Array.from({ length: 30 }, (_, index) => `- criterion number ${index} holds`).join('\n')}`,
  )
  assert.equal(many.acceptance_criteria.length, 10)
})

test('limits of the work are told as constraints', () => {
  const made = structure(
    'Write a parser for dates.\nIt must handle leap years. Do not use libraries.\n\nConstraints:\n- Node 24 only\n- no network access',
  )
  assert.equal(
    made.requirements,
    'It must handle leap years.\nWrite a parser for dates\nConstraint: Node 24 only\nConstraint: No network access\nConstraint: Do not use libraries.',
  )
})

test('skills are told by their words', () => {
  const skills: readonly (readonly [string, string])[] = [
    ['Translate this contract summary into Polish', 'translation'],
    ['Optimise this PostgreSQL query, it takes nine seconds', 'sql'],
    ['Fine-tune a classifier with PyTorch on my dataset', 'ml'],
    ['Audit our Solidity staking contract', 'blockchain'],
    ['Penetration test of our login, report every vulnerability', 'security'],
    ['Write Terraform for an AWS cluster with Prometheus', 'devops'],
    ['Scrape all listings of this directory into JSON', 'scraping'],
    ['The Android app crashes on a long press', 'mobile'],
    ['A shader for water in Unity', 'gamedev'],
    ['Playwright e2e tests for the checkout', 'testing'],
    ['The dropdown menu overlaps the header in Safari', 'frontend'],
    ['A REST API endpoint that returns invoices', 'backend'],
    ['Clean this CSV and make a dashboard', 'data'],
    ['A logo and brand palette for a bakery', 'design'],
    ['Transcribe this podcast', 'media'],
    ['Write the API reference and a README', 'docs'],
    ['SEO keyword research and ad copy for a campaign', 'marketing'],
    ['Proofread my thesis for grammar', 'editing'],
    ['Review this NDA, flag risky clauses', 'legal'],
    ['A financial model with cash flow for three years', 'finance'],
    ['Answer twenty customer support tickets', 'support'],
    ['Turn our roadmap into user stories', 'product'],
    ['A Telegram bot that posts the weather', 'automation'],
    ['A blog post on remote work', 'writing'],
    ['Competitive analysis of three competitors', 'research'],
    ['Walk my dog', 'general'],
  ]
  for (const [prompt, skill] of skills) assert.equal(structure(prompt).skill, skill, prompt)
})

test('a longer job costs and takes more, never less', () => {
  const sentence = 'The report must name the source of every figure it gives. '
  let last = structure('Research the tea market.')
  for (const times of [5, 20, 80, 300]) {
    const made = structure(`Research the tea market. ${sentence.repeat(times)}`)
    assert.equal(made.skill, 'research')
    assert.ok(
      made.estimated_price_cents >= last.estimated_price_cents &&
        made.estimated_time_limit_seconds >= last.estimated_time_limit_seconds,
    )
    last = made
  }
  assert.ok(last.estimated_price_cents > 500)
})

test('any prompt makes a sound job, the same one twice', () => {
  const pieces = fc.constantFrom(
    '# ',
    '## Expected Result:\n',
    '- ',
    '1. ',
    '**',
    '`',
    '```\n',
    '<details>',
    '</details>',
    '[a](b)',
    '\n',
    '\n\n',
    ' ',
    '. ',
    'must ',
    'Please ',
    'do not ',
    'word ',
    '字',
    '😀',
    '\ud800',
    '\u0000',
    '\r',
    'Requirements:\n',
    '- [x] ',
    'Constraints: ',
  )
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(anything, (prompt) => {
      const made = structure(prompt)
      assertSound(made, prompt)
      assert.deepEqual(structure(prompt), made)
    }),
    { numRuns: 500 },
  )
})

test('hostile prompts of full length cost no more than their length', () => {
  const seeds = [
    '[',
    '(',
    '<',
    '<!--',
    '<details',
    '```\n',
    '*',
    '**',
    '#',
    '# ',
    '- ',
    '1. ',
    '\n',
    ' ',
    '.',
    '. ',
    'a. A',
    'a\n',
    '。',
    ':',
    '**a:',
    '"',
    '[$1]',
    '[a](',
    '<a ',
    'please ',
    'can you ',
    'must ',
    'é',
    '\ud800',
    '\u0000',
    'Expected: ',
    'a, ',
    '`',
    '[a] ',
    'a b',
    'between 1 and ',
    '(a',
    '\\',
    '|',
    '_ ',
    '-',
    '@a ',
  ]
  // The first pass warms the code up; only the second is timed.
  for (const timed of [false, true]) {
    for (const one of seeds) {
      for (const other of timed ? ['', 'a', '\n', ' ', one.toUpperCase()] : ['']) {
        const prompt = (one + other).repeat(20_000).slice(0, 20_000)
        const spentBy = effort()
        const made = structure(prompt)
        const spent = spentBy()
        assertSound(made, prompt)
        // At most about 25 ms on a quiet machine; anything quadratic takes seconds.
        if (timed) assert.ok(spent < 250, `${JSON.stringify(one + other)}: ${Math.round(spent)} ms`)
      }
    }
  }
})

test('an ordinary prompt is structured in a fraction of a millisecond', () => {
  for (let turn = 0; turn < 500; turn++) structure(bugReport)
  const spent = effort()
  for (let turn = 0; turn < 500; turn++) structure(bugReport)
  const each = spent() / 500
  // About 0.15 ms on a quiet machine.
  assert.ok(each < 1.5, `${each.toFixed(3)} ms`)
})

test('what is structured can be worked on: honest work passes against these requirements, an echo does not', async () => {
  for (const { kind, prompt, output } of sampleWorks) {
    const made = structure(prompt)
    const work = {
      prompt,
      criteria: made.acceptance_criteria,
      requirements: made.requirements,
      checks: [],
      attachments: [],
    }
    assert.equal((await verify({ ...work, output }, () => {})).pass, true, kind)
    assert.equal((await verify({ ...work, output: prompt }, () => {})).pass, false, kind)
  }
})

const realJobs = new URL('../../../../shared/data/work/priced_software_jobs.jsonl', import.meta.url)

test('real jobs get readable titles and criteria', {
  skip: existsSync(realJobs) ? false : 'the shared data folder is not here',
}, () => {
  const jobs = readFileSync(realJobs, 'utf8')
    .trim()
    .split('\n')
    .map((line): { raw_title: string; title: string; description: string } => JSON.parse(line))
  let own = 0
  for (const { raw_title, title, description } of jobs) {
    const made = structure(`${raw_title}\n\n${description}`)
    assertSound(made, raw_title)
    assert.doesNotMatch(made.title, /\[\$|HOLD for|^(?:please|action performed|version number)/i)
    assert.doesNotMatch(made.description, /upwork automation|contributing guidelines|issue owner/i)
    for (const criterion of made.acceptance_criteria)
      assert.doesNotMatch(criterion, /upwork|applause|screenshot\/video|\[\$/i)
    if (made.title === title.trim().replace(/[.]$/, '') || made.title.startsWith(title.slice(0, 40))) own++
  }
  assert.ok(own / jobs.length > 0.9, `${own} of ${jobs.length} titles are the issue's own`)
})
