import type { Answer, Person, TestMarket } from '../support/market.ts'

/** How every PDF, JPEG, PNG and WebP begins. */
export const beginnings = {
  pdf: Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n', 'latin1'),
  jpg: Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1'),
  png: Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0', 'latin1'),
  webp: Buffer.from('RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0', 'latin1'),
} as const

export interface Uploaded {
  readonly resume_url: string
  readonly profile: { readonly resume_url: string; readonly user_id: string }
}

/** Hands in a file as a form does. */
export async function uploadResume(
  { url }: Pick<TestMarket, 'url'>,
  { key }: Pick<Person, 'key'>,
  bytes: Buffer | string,
  {
    name = 'resume.pdf',
    type = 'application/pdf',
    field = 'resume',
    headers = { authorization: `Bearer ${key}` } as Record<string, string>,
  } = {},
): Promise<Answer<Uploaded>> {
  const form = new FormData()
  form.append(field, new Blob([bytes as BlobPart], { type }), name)
  const answer = await fetch(`${url}/api/profile/me/resume`, { method: 'POST', headers, body: form })
  const text = await answer.text()
  return { status: answer.status, body: JSON.parse(text) as Uploaded, text, headers: answer.headers }
}

/** What anybody gets at an address: status, headers, bytes. */
export async function fetched(url: string): Promise<{ status: number; headers: Headers; bytes: Buffer }> {
  const answer = await fetch(url)
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) }
}
