import { type Reply, reply } from '../../base/endpoint.ts'
import { decodeCursor, encodeCursor } from '../../base/page.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'

/** What is asked of a list that is newest first: how many, and after which row. */
export interface Page {
  readonly limit: number
  readonly after: { readonly at: string; readonly id: string } | null
}

/** One page of a list; the cursor of the next one goes into the Link header. */
export async function pageOf<R extends { readonly created_at: string; readonly id: string }, B>(
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  read: (page: Page) => Promise<R[]>,
  show: (rows: R[]) => B[] | Promise<B[]>,
): Promise<Reply<B[]>> {
  const after = cursor === undefined ? null : decodeCursor(cursor)
  if (cursor !== undefined && !after)
    throw refusing(edgeRefusals)('invalid_input', { issues: [{ path: 'cursor', message: 'is not one of ours' }] })
  const rows = await read({ limit, after })
  const last = rows.at(-1)
  const body = await show(rows)
  return last && rows.length === limit
    ? reply(200, body, { 'x-next-cursor': encodeCursor(last.created_at, last.id) })
    : reply(200, body)
}
