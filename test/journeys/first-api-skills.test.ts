import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verify } from '../../src/core/verification/verify.ts'
import { skills } from '../../src/desks/jobs/skills/skill.ts'
import { readSubject } from '../../src/desks/jobs/skills/subject.ts'
import { structure } from '../../src/desks/jobs/structure.ts'
import { generalSkill, skillRows } from '../../src/desks/jobs/structure-skills.ts'
import { effort } from '../support/effort.ts'

test('every skill that a prompt can get has an entry, costs at least two credits, and research costs two', () => {
  for (const { skill: name } of [...skillRows, generalSkill]) {
    const skill = skills.of(name)
    assert.equal(skill.name, name, `${name} has no entry: add its cost in src/desks/jobs/skills/skill.ts`)
    assert.ok(Number.isInteger(skill.creditCost) && skill.creditCost >= 2 && skill.creditCost <= 10, name)
  }
  assert.equal(skills.of('research').creditCost, 2)
  assert.equal(skills.of('nobody has heard of').name, 'general')
})

const prompts = {
  'Research the history of the Unix operating system': /1\. Before: the setting/,
  'Research the market for electric bikes in Germany between 2015 and 2024': /the years 2015 to 2024/,
  'Research the differences between Berlin and Paris': /Set side by side: Berlin and Paris/,
  'Research the effects of vitamin D on sleep': /systematic reviews/,
  'Research 日本の歴史': /日本の歴史/,
  'Translate this letter to French: Dear Sir, I write to you.': /^# Work plan \(translation\)/,
  'Write a Python function that parses CSV': /a test for each acceptance criterion/,
  x: /^# Work plan \(general\)/,
}

test('what a skill makes is of the job, the same each time, says how it was made, and passes the rules', async () => {
  for (const [prompt, holds] of Object.entries(prompts)) {
    const { skill, intent, acceptance_criteria: criteria, requirements } = structure(prompt)
    const output = await skills.of(skill).execute(intent)
    assert.equal(await skills.of(skill).execute(intent), output)
    assert.match(output, holds)
    assert.match(output, /made by rules from the wording of the request/i)
    assert.match(output, /no source was consulted|without sources/i)
    assert.doesNotMatch(output, /undefined|null|NaN|\n{3}|^- :/m)
    const verdict = await verify({ prompt, criteria, requirements, checks: [], output, attachments: [] }, () => {})
    assert.ok(verdict.pass, `${prompt}: ${verdict.reasoning}`)
  }
  const outputs = await Promise.all(
    Object.keys(prompts).map((prompt) => skills.of('research').execute(structure(prompt).intent)),
  )
  assert.equal(new Set(outputs).size, outputs.length)
})

test('a hostile intent costs no more than its length', async () => {
  for (const intent of [
    ' a'.repeat(10_000),
    'between '.repeat(5_000),
    'x versus '.repeat(5_000),
    '('.repeat(20_000),
    '😀'.repeat(9_999),
  ]) {
    const spent = effort()
    for (const name of ['research', 'backend']) assert.ok((await skills.of(name).execute(intent)).length < 500_000)
    assert.ok(spent() < 1_000, intent.slice(0, 20))
  }
})

test('a subject is read off the words alone', () => {
  assert.deepEqual(readSubject('Research the history of the Unix operating system.'), {
    topic: 'the history of the Unix operating system',
    terms: ['history', 'Unix', 'operating', 'system'],
    years: null,
    compared: [],
  })
  assert.deepEqual(readSubject('Compare Go vs Rust for servers since 2012').compared, [
    'Go',
    'Rust for servers since 2012',
  ])
  assert.deepEqual(readSubject('  ').terms, [])
})
