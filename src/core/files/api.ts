import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'
import { Attachment } from './attachment.ts'

export const fileRefusals = {
  attachment_not_found: ['not_found', 'There is no such attachment, or it is not yours to see.'],
  file_missing: ['invalid', 'Send one file as multipart/form-data in the field "file".'],
  file_too_large: ['too_large', 'A file may have at most 25 MB.'],
  quota_reached: ['too_large', 'You have uploaded 500 MB within 24 hours, which is the most; try again later.'],
  storage_away: ['unavailable', 'The place where files are kept does not answer right now; try again in a moment.'],
} as const

export const refuseFile = refusing({ ...edgeRefusals, ...fileRefusals })

export const filesApi = contract('files', fileRefusals, {
  upload: endpoint({
    route: 'POST /api/attachments',
    summary:
      'Upload a file (multipart field "file", at most 25 MB) to attach to a job, to work you hand in or to a dispute.',
    description: 'A file that is attached to nothing within 24 hours is thrown away.',
    kind: 'upload',
    access: 'caller',
    scope: 'jobs:read',
    input: z.strictObject({}),
    answers: { 201: Attachment },
    refusals: ['file_missing', 'file_too_large', 'quota_reached', 'storage_away'],
  }),
  download: endpoint({
    route: 'GET /api/attachments/:id',
    summary: 'An attachment of yours, or of work or a dispute you are a party to; always a download.',
    kind: 'read',
    access: 'caller',
    scope: 'jobs:read',
    input: z.strictObject({ id: z.uuid().describe('Of the attachment.') }),
    answers: { 200: 'bytes' },
    refusals: ['attachment_not_found', 'storage_away'],
  }),
})
