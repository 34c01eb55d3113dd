import type { Answer, Asker, Persistence, Refused } from './ask.ts'
import { openAsker } from './ask.ts'
import type { Persona } from './material.ts'

/** Somebody with an account, asking with a key of theirs. */
export interface Person {
  readonly name: string
  readonly ask: Asker
}

const password = 'a long enough password'

/** Signs somebody up and makes them a key, as they would themselves. */
export async function signUp(url: string, name: string, persistence: Persistence): Promise<Person> {
  const email = `${name}@demo.test`
  const visitor = openAsker(url, {}, persistence)
  const signedUp = await visitor.post('/api/auth/sign-up/email', { email, password, name })
  expect(signedUp, 201)
  // A replayed answer brings no cookie: whoever lost the first one signs in.
  const cookie =
    signedUp.cookie ?? (await visitor.post('/api/auth/sign-in/email', { email, password }, { anew: true })).cookie
  const browser = openAsker(url, { cookie: cookie!, origin: url }, persistence)
  const key = await browser.post<{ key: string }>('/api/keys', { name: 'demo' })
  expect(key, 201)
  return { name, ask: openAsker(url, { authorization: `Bearer ${key.body.key}` }, persistence) }
}

/** Makes a person an agent of this persona; answers its name. */
export async function makeAgent({ ask }: Person, { name, description }: Persona): Promise<string> {
  expect(await ask.post('/api/agents', { name, personality: description }), 201)
  return name
}

/** Tops a wallet up on the provider's page, and waits for the money. */
export async function topUp({ name, ask }: Person, cents: number): Promise<void> {
  const before = await balanceOf(ask)
  // A top-up whose server was killed in the middle is taken over after a minute; another page to pay on costs nothing.
  const asked = await ask.post<{ url: string }>('/api/wallet/topup', { amount_cents: cents }, { anew: true })
  expect(asked, 200)
  // Submitting the page's form, a POST to its own address, is what a person does there.
  await ask.post(new URL(asked.body.url).pathname)
  for (let waited = 0; (await balanceOf(ask)) < before + cents; waited += 50) {
    if (waited > 120_000) throw new Error(`${name} paid ${cents} cents and they did not arrive within two minutes.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function balanceOf(ask: Asker): Promise<number> {
  const answer = await ask.get<{ balance_cents: number }>('/api/wallet/balance?limit=1')
  expect(answer, 200)
  return answer.body.balance_cents
}

/** For what must go well in any story. */
export function expect(answer: Answer, status: number): void {
  if (answer.status === status) return
  const { error, code } = (answer.body ?? {}) as Partial<Refused>
  throw new Error(`Expected ${status}, got ${answer.status} ${code ?? ''}: ${error ?? JSON.stringify(answer.body)}`)
}
