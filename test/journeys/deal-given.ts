import assert from 'node:assert/strict'
import { becomes, type Deal, dealAt, type Stage, type Terms, type Thing } from './deal.ts'
import type { Given, Row, Scene } from './documents.ts'

// What the rows of the gig marketplace's document are given. The client asks where nobody is named (`sender`), the freelancer is `worker`.

/** A deal at a stage, between Ada (client) and Bob (freelancer), and the ids for the path. */
export const at =
  (stage: Stage, ids: (deal: Deal) => readonly string[] = () => [], terms?: Terms): Given =>
  async ({ sender, worker }) => {
    const deal = await dealAt(stage, sender, worker, terms)
    return { deal, ids: ids(deal) }
  }
export const ofGig = ({ gig }: Deal): string[] => [gig.id]
export const ofApplication = ({ gig, application }: Deal): string[] => [gig.id, application.id]
/** The session of a person of the scene instead of a key: `by: 'nobody'` beside it. */
export const session =
  (who: 'sender' | 'worker') =>
  (scene: Scene): Record<string, string> => ({ cookie: scene[who].cookie, origin: scene.market.url })

export const freelancer: Given = async (scene) => {
  await becomes(scene.worker, 'freelancer')
  return {}
}
/** How many things a list has, and that each is in this state. */
export const listOf =
  (count: number, field?: string, value?: string): NonNullable<Row['also']> =>
  (_scene, { body }) => {
    const list = body as unknown as Thing[]
    assert.equal(list.length, count)
    for (const thing of list) if (field) assert.equal(thing[field], value)
  }
