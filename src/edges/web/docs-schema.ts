import { z } from 'zod'

/** The part of JSON Schema that the contracts come out as. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly pattern?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly $ref?: string
}

/** A schema as data. Those that have a name of their own stay references; they are put into `named`. */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output', named: Map<string, Schema>): Schema {
  // Inside a wrapper a schema with a name becomes a reference; at the root it would be written out.
  const { $defs: defs, properties } = z.toJSONSchema(z.object({ it: schema }), { io, unrepresentable: 'any' })
  for (const [name, definition] of Object.entries(defs ?? {})) named.set(name, definition as Schema)
  return properties!.it as Schema
}

export const nameOfRef = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1)

const count = (n: number): string => n.toLocaleString('en-US')

const wordOfFormat: Readonly<Record<string, string>> = {
  uuid: 'id (UUID)',
  email: 'e-mail address',
  uri: 'web address',
  'date-time': 'time (ISO 8601)',
}

/** The alternatives of a schema; a list of types is one too, as in text or null. */
function choicesOf(schema: Schema): readonly Schema[] | undefined {
  const { type } = schema
  if (typeof type === 'object') return type.map((one) => ({ ...schema, type: one }))
  return schema.anyOf ?? schema.oneOf
}

/** What a field may hold, in words: `whole number, 60 to 86,400`. */
export function typeOf(schema: Schema): string {
  if (schema.$ref) return nameOfRef(schema.$ref)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = choicesOf(schema)
  if (choices) return [...new Set(choices.map(typeOf))].join(' or ')
  switch (schema.type) {
    case 'string':
      return withLimits(wordOfFormat[schema.format ?? ''] ?? 'text', schema.minLength, schema.maxLength, 'characters')
    case 'integer':
      return withLimits('whole number', safe(schema.minimum), safe(schema.maximum))
    case 'number':
      return withLimits('number', schema.minimum, schema.maximum)
    case 'boolean':
      return 'true or false'
    case 'array':
      return withLimits(`list of ${several(schema.items ?? {})}`, schema.minItems, schema.maxItems)
    case 'object':
      return objectText(schema)
    case 'null':
      return 'null'
    default:
      return 'anything'
  }
}

const several = (items: Schema): string => {
  const text = typeOf(items)
  return items.anyOf || items.oneOf || items.enum ? `(${text})` : text
}

function objectText({ properties, required = [], additionalProperties }: Schema): string {
  if (properties) {
    const fields = Object.entries(properties).map(([name, { minLength: _least, maxLength: _most, ...field }]) =>
      required.includes(name) ? `${name}: ${typeOf(field)}` : `${name}?: ${typeOf(field)}`,
    )
    return `{ ${fields.join(', ')} }`
  }
  return typeof additionalProperties === 'object' && additionalProperties.type
    ? `object of names and ${typeOf(additionalProperties)}`
    : 'object'
}

/** Every whole number in JSON is a safe one: that limit says nothing. */
const safe = (limit: number | undefined): number | undefined =>
  limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? undefined : limit

function withLimits(word: string, least: number | undefined, most: number | undefined, unit = ''): string {
  const after = unit && ` ${unit}`
  if (least !== undefined && least > 0 && most !== undefined)
    return `${word}, ${least === most ? count(most) : `${count(least)} to ${count(most)}`}${after}`
  if (unit === '' && least !== undefined && most !== undefined) return `${word}, ${count(least)} to ${count(most)}`
  if (most !== undefined) return `${word}, at most ${count(most)}${after}`
  if (least !== undefined && (least > 0 || unit === '')) return `${word}, at least ${count(least)}${after}`
  return word
}

/** A value that fits a schema well enough to show what is sent. */
export function sampleOf(schema: Schema): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  const [choice] = choicesOf(schema) ?? []
  if (choice) return sampleOf(choice)
  switch (schema.type) {
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1)
    case 'boolean':
      return true
    case 'array':
      return []
    case 'object':
      return {}
    default:
      return schema.format === 'uuid' ? exampleId : '…'
  }
}

export const exampleId = '01a20226-00b5-7bc1-9461-989abfd9ed53'
