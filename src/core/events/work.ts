import type { Database } from '../../base/db.ts'
import type { Signals } from '../../base/signals.ts'
import type { Kinds } from './feed.ts'
import { feedTopic } from './room.ts'
import { isFullNumbering, numberEvents, type Taker } from './sequence.ts'

/** Numbers what has happened, has it sent on, and rouses the streams of those whose affair it is; says whether there is more. */
export function numbering(
  db: Database,
  signals: Signals,
  kinds: Kinds,
  takers: readonly Taker[],
): () => Promise<boolean> {
  const open = [...kinds.values()].filter((kind) => kind.open).map(({ name }) => name)
  return async () => {
    const numbered = await numberEvents(db, open, takers)
    for (const topic of new Set(numbered?.people.map(feedTopic) ?? [])) signals.tell(topic)
    for (const work of numbered?.works ?? []) signals.tell(work)
    return isFullNumbering(numbered)
  }
}
