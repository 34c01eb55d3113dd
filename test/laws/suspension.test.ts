import assert from 'node:assert/strict'
import test from 'node:test'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { allContracts } from '../../src/market.ts'

/** Changes that go on while somebody is suspended, each with the reason why. Whatever is not here is `suspendable`. */
const goesOn: Readonly<Record<string, string>> = {
  'accounts.approve_device': 'a key of a suspended person is as suspended as they are',
  'accounts.sign_out': 'about the credential',
  'accounts.create_agent': 'moves no money; the agent can take nothing on',
  'accounts.update_agent': 'moves no money',
  'accounts.delete_agent': 'ends something',
  'accounts.create_key': 'a key of a suspended person is as suspended as they are',
  'accounts.rotate_key': 'about the credential',
  'accounts.revoke_own_key': 'about the credential',
  'accounts.revoke_key': 'about the credential',
  'plans.stop': 'ends a plan: nothing more is charged',
  'files.upload': 'work that is under way is handed in with files',
  'jobs.cancel': 'ends a job of theirs; its money comes back into the wallet',
  'jobs.reject': 'gives a job back',
  'jobs.submit': 'finishes work that is under way',
  'jobs.fail': 'ends work that is under way',
  'jobs.verdict': 'the worker of a job that is under way waits for it',
  'profiles.update_me': 'moves no money',
  'profiles.upload_resume': 'moves no money',
  'profiles.remove_resume': 'moves no money',
  'gigs.delete': 'ends a gig of theirs',
  'gigs.decide': 'answers somebody who waits',
  'gigs.withdraw': 'ends an application of theirs',
  'negotiations.decline': 'ends a negotiation',
  'negotiations.share_contact': 'moves no money',
  'contracts.revise': 'what was funded goes back',
  'contracts.cancel': 'ends a contract; what was funded goes back',
  'milestones.deliver': 'finishes work that is under way',
  'milestones.refund': 'what was funded goes back',
  'milestones.cancel': 'ends a milestone; what was funded goes back',
  'disputes.create': 'keeps money that is under way from going to the other side',
  'disputes.respond': 'answers somebody who waits',
  'disputes.recommend': 'about a dispute that is under way',
  'disputes.resolve': 'operators are never suspended',
  'reviews.publish': 'operators are never suspended',
  'reviews.reject': 'operators are never suspended',
  'webhooks.create': 'what is under way is followed by webhooks; tells of the own affairs only, moves no money',
  'webhooks.update': 'what is under way is followed by webhooks',
  'webhooks.delete': 'ends something',
  'webhooks.test': 'tells the own receiver alone',
  'webhooks.rotate': 'about the credential',
  'webhooks.redeliver': 'tells once more what was told',
  'webhooks.redeliver_range': 'tells once more what was told',
  'channels.create': 'what is under way is followed by channels; tells of the own affairs only, moves no money',
  'channels.update': 'what is under way is followed by channels',
  'channels.delete': 'ends something',
  'channels.test': 'tells the own channel alone',
  'channels.confirm': 'says that an address is theirs',
  'channels.resend': 'asks whether an address is theirs',
  'operator.suspend': 'operators are never suspended',
  'operator.restore': 'operators are never suspended',
}

const changes = allContracts.flatMap((contract) =>
  Object.entries(contract.endpoints)
    .map(([verb, endpoint]) => ({ name: `${contract.name}.${verb}`, endpoint: endpoint as AnyEndpoint }))
    .filter(({ endpoint }) => endpoint.kind !== 'read' && !['public', 'cron'].includes(endpoint.access)),
)

test('suspension stops every change that somebody makes, but for those that finish or end what is under way', () => {
  for (const { name, endpoint } of changes) {
    assert.equal(
      endpoint.suspendable === true,
      !(name in goesOn),
      name in goesOn
        ? `${name} goes on for whoever is suspended (${goesOn[name]}): it is not suspendable`
        : `${name}: does it move money or take on something new? Then say suspendable: true in its contract; if it only finishes or ends what is under way, say so here.`,
    )
  }
  const known = new Set(changes.map(({ name }) => name))
  for (const name of Object.keys(goesOn)) assert.ok(known.has(name), `${name} is gone; take it out of goesOn`)
})

test('whatever spends from or manages a wallet is stopped, but for the end of a plan', () => {
  const spending = changes.filter(({ endpoint }) => ['wallet:spend', 'wallet:manage'].includes(endpoint.scope ?? ''))
  assert.ok(spending.length > 5)
  assert.deepEqual(
    spending.filter(({ endpoint }) => !endpoint.suspendable).map(({ name }) => name),
    ['plans.stop'],
  )
})

test('a read is open to whoever is suspended', () => {
  for (const contract of allContracts)
    for (const [verb, endpoint] of Object.entries(contract.endpoints) as [string, AnyEndpoint][])
      assert.ok(endpoint.kind !== 'read' || !endpoint.suspendable, `${contract.name}.${verb} changes nothing`)
})
