import assert from 'node:assert/strict'
import { type DisputeStatus, disputeStates } from '../../src/desks/gigs/dispute/dispute.ts'
import { dispute, resolveIt, respondTo, seeDispute } from '../gigs/dispute-stage.ts'
import { went } from '../journeys/desk.ts'
import type { Role } from './canaries.ts'
import { contractExhibit } from './contract-exhibits.ts'
import { type Desk, uploaded } from './exhibits.ts'
import { isNegotiator } from './gig-exhibits.ts'
import type { Thing } from './world.ts'

export interface DisputeExhibit {
  readonly id: string
  readonly status: DisputeStatus
  readonly files: readonly Thing[]
}

/** What is said in a dispute is for its two parties and for whoever decides it. */
const mayHear = (role: Role): boolean => isNegotiator(role) || role === 'operator'

/** A dispute that the sender has opened against the receiver, in one of its states; each has shown words, an address and a file. */
export async function disputeExhibit(desk: Desk, status: DisputeStatus): Promise<DisputeExhibit> {
  const { canaries, market, people } = desk
  const { sender, receiver, operator } = people
  const secret = (field: string): string => canaries.make(`${field} of a dispute that is ${status}`, mayHear)
  const files: Thing[] = []
  const evidence = async (role: 'sender' | 'receiver') => {
    const file = await uploaded(market, people[role], `${secret('file name')}.txt`, secret('bytes of a file'))
    files.push({ id: file.id, what: `evidence of the ${role}`, owner: role, mayBeSeenBy: mayHear })
    const url = `https://${secret('address')}.example/shot.png`
    return [{ type: 'other', description: secret('description'), url, attachment_id: file.id }]
  }
  const { id: contract_id, milestone } = await contractExhibit(desk, 'active')
  const fields = { reason: secret('reason'), evidence: await evidence('sender') }
  const opened = went(await dispute(sender, 'client', { id: milestone, contract_id }, fields), 201)
  const steps: Record<DisputeStatus, () => Promise<unknown>> = {
    open: async () => {},
    responded: async () => went(await respondTo(receiver, opened, { evidence: await evidence('receiver') })),
    resolved: async () => went(await resolveIt(operator, opened, 40, secret('note'))),
  }
  await steps[status]()
  assert.equal((await seeDispute(sender, opened)).status, status, 'the dispute did not come into its state')
  return { id: opened.id, status, files }
}

/** One in every state. */
export async function disputeExhibits(desk: Desk): Promise<DisputeExhibit[]> {
  const made: DisputeExhibit[] = []
  for (const status of disputeStates) made.push(await disputeExhibit(desk, status))
  return made
}
