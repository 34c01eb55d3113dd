import { badParam } from '../wire/api-error.ts'
import type { Call } from './call.ts'
import { find, findHidden, type Kind } from './store.ts'

/** Which fields of which objects can be expanded, and into what; `hidden` is a part kept beside the object. */
const expandable: Readonly<Record<string, Readonly<Record<string, Kind | 'hidden'>>>> = {
  'checkout.session': { customer: 'customer', payment_intent: 'payment_intent', line_items: 'hidden' },
  payment_intent: { customer: 'customer', payment_method: 'payment_method', latest_charge: 'charge' },
  charge: {
    customer: 'customer',
    payment_method: 'payment_method',
    payment_intent: 'payment_intent',
    balance_transaction: 'balance_transaction',
  },
  setup_intent: { customer: 'customer', payment_method: 'payment_method' },
  customer: { 'invoice_settings.default_payment_method': 'payment_method' },
  balance_transaction: { source: 'charge' },
  payment_method: { customer: 'customer' },
  refund: {
    charge: 'charge',
    payment_intent: 'payment_intent',
    balance_transaction: 'balance_transaction',
    failure_balance_transaction: 'balance_transaction',
  },
  transfer: { destination: 'account', balance_transaction: 'balance_transaction' },
  transfer_reversal: { transfer: 'transfer', balance_transaction: 'balance_transaction' },
  dispute: { charge: 'charge', payment_intent: 'payment_intent' },
}

type Json = Record<string, unknown>

/** The answer with ids replaced by the objects they name, along paths such as `latest_charge.balance_transaction`. */
export async function expanded(call: Call, answer: object, paths: readonly string[]): Promise<object> {
  const copy = structuredClone(answer) as Json
  for (const path of paths) {
    const steps = path.split('.')
    if (steps.length > 4)
      throw badParam(
        'expand',
        `You cannot expand more than 4 levels of a property (${path}).`,
        'property_expansion_max_depth',
      )
    await expand(call, copy, steps, path)
  }
  return copy
}

/** `within` is the path inside the object so far, where a part of it is neither an object of its own nor a list. */
async function expand(call: Call, holder: Json, steps: readonly string[], path: string, within = ''): Promise<void> {
  const [step, ...rest] = steps
  if (step === undefined) return
  if (holder.object === 'list' && step === 'data') {
    for (const entry of holder.data as Json[]) await expand(call, entry, rest, path)
    return
  }
  const [owner = '', inside = ''] = within.split('/')
  const kind = String(holder.object ?? owner)
  const field = `${inside}${step}`
  const fields = expandable[kind] ?? {}
  const part = holder[step] as Json | undefined
  const into = fields[field]
  if (!into) {
    const leads = Object.keys(fields).some((known) => known.startsWith(`${field}.`))
    if (leads && part && rest.length > 0) return expand(call, part, rest, path, `${kind}/${field}.`)
    if (part?.object === 'list' && rest.length > 0) return expand(call, part, rest, path)
    throw badParam('expand[0]', `This property cannot be expanded (${path.slice(0, 200)}).`)
  }
  if (into === 'hidden') {
    holder[step] = await findHidden(call, String(holder.id), step)
  } else if (typeof holder[step] === 'string') {
    holder[step] = await find(call, into, holder[step])
  }
  const next = holder[step]
  if (rest.length > 0 && typeof next === 'object' && next !== null) await expand(call, next as Json, rest, path)
}
