import { basename } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import type { AnyEndpoint, Contract } from '../../../base/endpoint.ts'
import { contracts, isStream, readEvents, send } from '../../sdk/client.ts'
import { readBytes, readText } from '../arguments.ts'
import { exits, misused } from '../exit.ts'
import { table } from '../render/table.ts'
import { bold, dim } from '../render/text.ts'
import { openAnonymous, openSession } from '../session.ts'

type Fields = Record<string, unknown>

interface Named {
  readonly name: string
  readonly endpoint: AnyEndpoint
}

const endpoints: readonly Named[] = Object.values(contracts as Readonly<Record<string, Contract>>).flatMap((contract) =>
  Object.entries(contract.endpoints).map(([name, endpoint]) => ({ name: `${contract.name}.${name}`, endpoint })),
)

/**
 * One command for every endpoint of every contract, read off the contracts: `clawrk api jobs.run --prompt "…"`. Given the words of
 * a command line, only the endpoints that it names: to read all of them takes longer than most commands.
 */
export function apiCommands(program: Command, words?: readonly string[]): void {
  const api = program
    .command('api')
    .description('any endpoint of the API, by its name; without a name: the list of them')
    .usage('[name] [--field value …]')
    .helpCommand(false)
    .argument('[name]')
    .action((unknown: string | undefined, _: object, command: Command) => {
      if (unknown === undefined) return list(command)
      const [, word = unknown] = unknown.split('.')
      const near = endpoints.filter(({ name }) => name.includes(word)).slice(0, 5)
      throw misused(
        `There is no endpoint called ${unknown}.`,
        ...near.map(({ name }) => `clawrk api ${name}`),
        'clawrk api',
      )
    })
  for (const named of endpoints) if (words?.includes(named.name) ?? true) endpointCommand(api, named)
}

function endpointCommand(api: Command, { name, endpoint }: Named): void {
  const command = api
    .command(name, { hidden: true })
    .usage('[--field value …]')
    .description(endpoint.description ? `${endpoint.summary}\n\n${endpoint.description}` : endpoint.summary)
    .addHelpText('before', `${bold(endpoint.route)}\n`)
    .option('--data <json>', 'fields as a JSON object, @file or -; flags win over it', readData)
  const schema = z.toJSONSchema(endpoint.input as z.ZodObject, { io: 'input', unrepresentable: 'any' })
  for (const [field, shape] of Object.entries(schema.properties ?? {})) {
    const kind = kindOf(shape as Shape)
    const need = schema.required?.includes(field) ? 'required' : ''
    const text = [(shape as Shape).description, need].filter(Boolean).join('; ')
    command.addOption(new Option(`--${field} <${kind}>`, text).argParser((value) => readField(kind, value)))
  }
  if (endpoint.kind === 'upload') command.requiredOption('--file <file>', 'the file to upload', fileOf)
  command.action(async ({ data = {}, ...options }: { data?: Fields } & Fields, self: Command) =>
    ask(self, endpoint, {
      ...data,
      ...fieldsOf(schema, options),
      ...(options.file ? { [endpoint.fileField ?? 'file']: options.file } : {}),
    }),
  )
}

interface Shape {
  readonly type?: string
  readonly description?: string
  readonly anyOf?: readonly Shape[]
}

type FieldKind = 'text' | 'number' | 'true|false' | 'json'

function kindOf({ type, anyOf }: Shape): FieldKind {
  const known = type ?? anyOf?.find((shape) => shape.type !== 'null')?.type
  if (known === 'integer' || known === 'number') return 'number'
  if (known === 'boolean') return 'true|false'
  return known === 'array' || known === 'object' ? 'json' : 'text'
}

/** What a flag's text stands for. What does not fit goes as it is: the market says what is wrong with it. */
function readField(kind: FieldKind, text: string): unknown {
  switch (kind) {
    case 'text':
      return text
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
    case 'true|false':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'json':
      return parseJson(text)
    default:
      return kind satisfies never
  }
}

function fileOf(path: string): File {
  return new File([readBytes(path)], basename(path))
}

function readData(text: string): Fields {
  const value = parseJson(text === '-' ? readText('-') : text.startsWith('@') ? readText(text.slice(1)) : text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('It must be a JSON object.')
  return value as Fields
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidArgumentError('It must be JSON.')
  }
}

/** Commander names options in camel case where the API has a dash or an underscore; fields go out as the API spells them. */
function fieldsOf(schema: { readonly properties?: object }, options: Fields): Fields {
  return Object.fromEntries(
    Object.keys(schema.properties ?? {}).flatMap((field) =>
      options[field] === undefined ? [] : [[field, options[field]]],
    ),
  )
}

async function ask(command: Command, endpoint: AnyEndpoint, fields: Fields): Promise<void> {
  const session = endpoint.access === 'public' ? openAnonymous(command) : openSession(command)
  const missing = [...endpoint.route.matchAll(/:(\w+)/g)].map((match) => match[1]!).filter((name) => !fields[name])
  if (missing.length > 0) throw misused(`${endpoint.route} needs ${missing.map((name) => `--${name}`).join(' and ')}.`)
  if (isStream(endpoint)) {
    for await (const event of readEvents(session.connection, endpoint, fields))
      process.stdout.write(`${JSON.stringify(event)}\n`)
    return
  }
  const { status, body } = await send(session.connection, endpoint, fields)
  if (body instanceof Blob) return void process.stdout.write(await body.bytes())
  // Always JSON; laid out for reading where somebody reads it.
  session.show(body, () => [
    body === null ? dim(`${status}, no body`) : JSON.stringify(body, null, process.stdout.isTTY ? 2 : 0),
  ])
  if (status >= 400) process.exitCode = exits.refused
}

function list(command: Command): void {
  const rows = endpoints.map(({ name, endpoint }) => ({ name, route: endpoint.route, summary: endpoint.summary }))
  const session = openAnonymous(command)
  session.show(rows, () => [
    ...table(rows, [
      { title: 'NAME', cell: ({ name }) => name, paint: (text) => bold(text) },
      { title: 'ROUTE', cell: ({ route }) => route, flexible: true },
      { title: 'WHAT IT DOES', cell: ({ summary }) => summary, flexible: true, spare: true },
    ]),
    '',
    dim('clawrk api <name> --help shows its fields.'),
  ])
}
