import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import type { Command } from 'commander'
import { examples } from '../../src/edges/cli/examples.ts'
import { buildProgram } from '../../src/edges/cli/program.ts'
import { widthOf } from '../../src/edges/cli/render/text.ts'
import { fund, people, post } from '../journeys/desk.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { inTerminal, openShell } from './clawrk.ts'

let market: TestMarket
before(async () => {
  market = await startTestMarket({ worker: false })
})
after(() => market.close())

/** Every command under its whole name; those of `clawrk api` are read off the contracts. */
function commandsOf(parent: Command, path: readonly string[] = []): [name: string, command: Command][] {
  return parent.commands.flatMap((command) => {
    const own = [...path, command.name()]
    if (command.name() === 'help' || path[0] === 'api') return []
    return [[own.join(' '), command] as [string, Command], ...commandsOf(command, own)]
  })
}

test('the commands of the jobs desk are all there, each with a description, examples, and --json', () => {
  const program = buildProgram()
  const commands = new Map(commandsOf(program))
  const wanted =
    'login logout whoami balance topup run jobs job pay cancel wait logs agents use pull claim accept reject submit fail work board verify keys serve doctor'
  for (const name of [
    ...wanted.split(' '),
    'agents create',
    'agents update',
    'agents delete',
    'ledger verify',
    'user reset-password',
    'operator grant',
  ])
    assert.ok(commands.has(name), `clawrk ${name} is missing`)
  for (const [name, command] of commands) {
    assert.ok(command.description().length > 5, name)
    assert.ok(examples[name]?.length, `clawrk ${name} has no example: add one to src/edges/cli/examples.ts`)
  }
  for (const name of Object.keys(examples))
    assert.ok(commands.has(name), `examples of a command that is not there: ${name}`)
  assert.ok(program.options.some(({ long }) => long === '--json'))
})

test('every example is a use of its command, with options that it has', () => {
  const program = buildProgram()
  const commands = new Map(commandsOf(program))
  const globals = program.options
  for (const [name, lines] of Object.entries(examples)) {
    for (const line of lines) {
      const own = /(?:^|[ |])clawrk (.*)$/.exec(line)?.[1] ?? ''
      assert.ok(own.startsWith(name), `${name}: ${line}`)
      // What stands in quotes is data.
      const flags = own.replaceAll(/'[^']*'|"[^"]*"/g, '""').match(/(?<=\s)--?[a-z][\w-]*/g) ?? []
      const command = commands.get(name)!
      if (name === 'api') continue
      for (const flag of flags)
        assert.ok(
          [...command.options, ...globals].some(({ long, short }) => long === flag || short === flag),
          `${line}: ${flag} is not an option of it`,
        )
    }
  }
})

test('help of a command shows how it is used', async () => {
  const shell = openShell()
  for (const name of ['run', 'work', 'agents create', 'ledger verify']) {
    const help = await shell(...name.split(' '), '--help')
    assert.equal(help.code, 0)
    for (const line of examples[name]!) assert.ok(help.stdout.includes(`  $ ${line}\n`), `${name}: ${line}`)
  }
})

const hasTerminal = spawnSync('script', ['--version']).status === 0

test('tables and help fit the terminal, and are plain with NO_COLOR', {
  skip: !hasTerminal && 'no `script` command',
}, async () => {
  const [ada] = await people(market, 'Ada')
  await fund(market, ada, 5_000)
  await post(ada, { prompt: `Research ${'a very long subject '.repeat(10)}`, price_cents: 1_250 })
  const shell = openShell()
  const env = { CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url, NO_COLOR: '1' }
  for (const width of [50, 80]) {
    for (const args of [
      ['jobs'],
      ['board'],
      ['keys'],
      ['agents'],
      ['balance'],
      ['directory'],
      ['stats'],
      ['api'],
      ['work', '--help'],
    ]) {
      const { stdout, code } = await inTerminal(shell, args, env, '', width)
      assert.equal(code, 0, `${args.join(' ')}: ${stdout}`)
      assert.ok(!stdout.includes('\u001b'), args.join(' '))
      // A word without a space, such as an example, is never broken.
      const lines = stdout.split('\r\n').filter((line) => !/^ {2}\$ /.test(line))
      for (const line of lines) assert.ok(widthOf(line) <= width, `${args.join(' ')} at ${width}: ${line}`)
    }
  }
})
