/** As many bytes as it takes to tell what a file is. */
export const headBytes = 32

type Ending = 'pdf' | 'jpg' | 'png' | 'webp'

const latin = (head: Uint8Array, from: number, to: number): string =>
  Buffer.from(head.subarray(from, to)).toString('latin1')

/**
 * What a file is by its first bytes: a PDF (ISO 32000-2, 7.5.2), a JPEG (ITU T.81, B.1.1.3), a PNG (W3C, 5.2: signature and IHDR)
 * or a WebP (RFC 9649, 2.4). Null for anything else, also where one of them begins later in the file.
 */
export function endingOf(head: Uint8Array): Ending | null {
  if (/^%PDF-[12]\.\d[\r\n %]/.test(latin(head, 0, 9))) return 'pdf'
  if (/^\xff\xd8\xff[\xc0-\xcf\xdb\xdd\xe0-\xef\xfe]/.test(latin(head, 0, 4))) return 'jpg'
  if (latin(head, 0, 16) === '\x89PNG\r\n\x1a\n\0\0\0\rIHDR') return 'png'
  if (latin(head, 0, 4) === 'RIFF' && /^WEBPVP8[ LX]$/.test(latin(head, 8, 16))) return 'webp'
  return null
}
