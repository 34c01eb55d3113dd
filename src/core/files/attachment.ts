import { z } from 'zod'

/** A file attached to a piece of work, or waiting to be. */
export const Attachment = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    size: z.int().describe('In bytes.'),
    sha256: z.string(),
    content_type: z.string(),
  })
  .meta({ id: 'Attachment' })
export type Attachment = z.infer<typeof Attachment>

/** An attachment where one is named: its id, or an object that has it. */
export const AttachmentId = z
  .union([z.uuid(), z.object({ id: z.uuid() })])
  .transform((named) => (typeof named === 'string' ? named : named.id))

export const fileLimits = {
  bytesMax: 25 * 1024 * 1024,
  bytesMaxPerDay: 500 * 1024 * 1024,
  perJob: 10,
} as const
