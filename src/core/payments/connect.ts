import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from '../../base/db.ts'
import { type Call, type Reply, reply } from '../../base/endpoint.ts'
import { failpoint } from '../../base/failpoint.ts'
import { newId } from '../../base/ids.ts'
import { refusePayment } from './api.ts'
import { accountChanged, type ConnectStatus } from './connect-account.ts'
import { afterFirstGo, type ProviderNeeds } from './intent.ts'
import { pursue } from './pursue.ts'
import { providerAway } from './stripe.ts'

/**
 * Leads a person to the provider's page where they say who they are and where their earnings go. Their account there is made
 * once, however often and from wherever they ask; the page is a new one each time, because it lives for minutes.
 */
export async function connect(
  { actor }: Call,
  needs: ProviderNeeds & { readonly appUrl: string },
): Promise<Reply<{ url: string }>> {
  return reply(200, { url: await connectPage(needs, actor.userId) })
}

/** A fresh address of that page for somebody; it opens once. */
export async function connectPage(needs: ProviderNeeds & { readonly appUrl: string }, user: string): Promise<string> {
  const account = await ensureAccount(needs, user)
  try {
    const link = await needs.stripe.accountLinks.create({
      account,
      type: 'account_onboarding',
      refresh_url: `${needs.appUrl}/wallet?connect=again`,
      return_url: `${needs.appUrl}/wallet?connect=back`,
    })
    return link.url
  } catch (error) {
    throw providerAway(error)
  }
}

async function ensureAccount(needs: ProviderNeeds, user: string): Promise<string> {
  for (let waited = 0; waited < 50; waited++) {
    const { account } = await readAccount(needs.db, user)
    if (account) return account
    failpoint('connect_account', 'before_intent')
    const [open] = await needs.db.rows<{ id: string }>(
      `with made as (
         insert into provider_intent (id, kind, user_id, target, created_at, due_at)
         select $1, 'connect_account', id, email, app_now(), ${afterFirstGo} from app_user where id = $2
         on conflict (user_id) where kind = 'connect_account' and status <> 'refused' do nothing returning id
       ) select id from made union all
       select id from provider_intent where user_id = $2 and kind = 'connect_account' and status = 'asked'`,
      [newId(), user],
    )
    failpoint('connect_account', 'after_intent')
    if (!open) continue
    const intent = await pursue(needs, open.id)
    if (intent.status === 'done') return intent.object_id!
    if (intent.status === 'refused')
      throw refusePayment(
        'provider_refused',
        { reason: intent.reason },
        `The payment provider refused: ${intent.reason}`,
      )
    // Somebody else is asking for it just now.
    if (intent.tries > 0) await sleep(100)
  }
  throw refusePayment('payments_unavailable', { retryable: true, retry_after_seconds: 5 })
}

interface Connected {
  readonly account: string | null
  readonly status: ConnectStatus
}

async function readAccount(sql: Sql, user: string): Promise<Connected> {
  const [known] = await sql.rows<Connected>(
    `select stripe_account_id as account, stripe_account_status as status from app_user where id = $1`,
    [user],
  )
  return known!
}

/** Where a person stands with the provider. Until their account is active it is read again, in case its message was lost. */
export async function connectStatus(
  { actor }: Call,
  { db, stripe, log }: ProviderNeeds,
): Promise<Reply<{ status: ConnectStatus }>> {
  const { account, status } = await readAccount(db, actor.userId)
  if (!account || status === 'active') return reply(200, { status })
  try {
    return reply(200, { status: await accountChanged(db, stripe, account) })
  } catch (error) {
    log.warn({ err: error }, 'an account at the payment provider could not be read')
    return reply(200, { status })
  }
}
