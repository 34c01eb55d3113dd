import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { people, refused, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { beginnings, fetched, uploadResume } from './upload.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

const latin = (text: string): Buffer => Buffer.from(text, 'latin1')
const script = '<script>alert(document.domain)</script>'
const zip = latin('PK\x03\x04\x14\0\0\0\x08\0resume.pdf')
const gzip = latin('\x1f\x8b\x08\0\0\0\0\0\0\x03')

/** Files that are no résumé, whatever they say of themselves. */
const strangers: Readonly<Record<string, Buffer>> = {
  'an empty file': Buffer.alloc(0),
  'one byte': latin('%'),
  'the half of a PDF’s mark': latin('%PD'),
  'a PDF’s mark and nothing more': latin('%PDF-'),
  'a PDF of no version': latin('%PDF-x.y\n'),
  'a PDF of version 9': latin('%PDF-9.9\n'),
  'a PDF in lower case': latin('%pdf-1.7\n1 0 obj'),
  'a PDF after a space': Buffer.concat([latin(' '), beginnings.pdf]),
  'a PDF after a byte order mark': Buffer.concat([latin('\xef\xbb\xbf'), beginnings.pdf]),
  'a PDF after a page': Buffer.concat([latin(`<!doctype html>${script}`), beginnings.pdf]),
  'a PDF after 1000 bytes of nothing': Buffer.concat([Buffer.alloc(1000), beginnings.pdf]),
  'a PDF in UTF-16': Buffer.from('\ufeff%PDF-1.7\n', 'utf16le'),
  'a page': latin(`<!doctype html><title>CV</title>${script}`),
  'a page with a PDF’s mark in a comment': latin(`<!--%PDF-1.7\n-->${script}`),
  'a page in UTF-7': latin('+ADw-script+AD4-alert(1)+ADw-/script+AD4-'),
  'a picture that is a program (SVG)': latin(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
  'an SVG after an XML head': latin(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`),
  'XML with an external entity': latin(
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  ),
  'an SVG that is packed': Buffer.concat([gzip, latin('svgz')]),
  'an archive named pdf': zip,
  'a Word document': Buffer.concat([zip, latin('word/document.xml')]),
  'an old Word document': latin('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
  'rich text': latin('{\\rtf1\\ansi resume}'),
  'an archive of 7-Zip': latin('7z\xbc\xaf\x27\x1c'),
  'a RAR archive': latin('Rar!\x1a\x07\x01\0'),
  'a tar archive': Buffer.concat([latin('resume.pdf'), Buffer.alloc(247), latin('ustar\x0000')]),
  'a program of Windows': latin('MZ\x90\0\x03\0\0\0'),
  'a program of Linux': latin('\x7fELF\x02\x01\x01\0'),
  'a program of macOS': latin('\xcf\xfa\xed\xfe\x07\0\0\x01'),
  'a class of Java': latin('\xca\xfe\xba\xbe\0\0\0\x34'),
  'a program of a shell': latin('#!/bin/sh\nrm -rf /\n'),
  'a program of PHP': latin('<?php system($_GET["c"]); ?>'),
  WebAssembly: latin('\0asm\x01\0\0\0'),
  PostScript: latin('%!PS-Adobe-3.0\n(%pipe%id) (w) file'),
  'a GIF': latin('GIF89a\x01\0\x01\0'),
  'a GIF that is a script': latin('GIF89a=1;alert(1)//'),
  'a BMP': latin('BM\x3a\0\0\0\0\0\0\0'),
  'a TIFF': latin('II*\0\x08\0\0\0'),
  'an AVIF': latin('\0\0\0\x20ftypavif\0\0\0\0'),
  'an HEIC': latin('\0\0\0\x18ftypheic\0\0\0\0'),
  'a film': latin('\0\0\0\x20ftypisom\0\0\x02\0'),
  'a sound': latin('RIFF\x24\0\0\0WAVEfmt '),
  'a RIFF of another kind': latin('RIFF\x24\0\0\0WEBPJUNK'),
  'a RIFF cut short': latin('RIFF\x24\0\0\0WEB'),
  'a JPEG’s mark cut short': latin('\xff\xd8\xff'),
  'a JPEG’s mark and a wrong marker': latin('\xff\xd8\xff\x00aaaa'),
  'an MP3': latin('\xff\xfb\x90\x44'),
  'a PNG’s mark without a picture': latin('\x89PNG\r\n\x1a\n'),
  'a PNG whose first part is another': latin('\x89PNG\r\n\x1a\n\0\0\0\x0dtEXt<script>'),
  'a PNG sent as text': latin('\x89PNG\n\x1a\n\0\0\0\rIHDR'),
  text: latin('Ada Lovelace\nAnalyst\n'),
  'text of other marks': latin('application/pdf'),
  'a link of Windows': latin('[InternetShortcut]\r\nURL=file://evil.example/share\r\n'),
  'a message': latin('MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<script>'),
}

test('what is no résumé by its content is refused, whatever its name and type say', async (story) => {
  const [ada] = await people(market, 'Ada')
  for (const [what, bytes] of Object.entries(strangers)) {
    for (const claim of [
      { name: 'resume.pdf', type: 'application/pdf' },
      { name: 'photo.png', type: 'image/png' },
    ])
      refused(await uploadResume(market, ada, bytes, claim), 400, 'resume_type')
    assert.equal(went(await ada.ask('GET', '/api/profile/me')).resume_url, null, what)
  }
  const [row] = await market.db.rows<{ n: number }>(`select count(*) as n from attachment where owner_id = $1`, [
    ada.userId,
  ])
  assert.equal(row!.n, 0, 'nothing was begun')
  story.diagnostic(`${Object.keys(strangers).length} kinds refused`)
})

/** Files that begin as they should, with something else in them. */
const polyglots: Readonly<Record<string, Buffer>> = {
  'a PDF that runs a script': latin('%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj'),
  'a PDF that opens a page': latin('%PDF-1.4\n1 0 obj<</AA<</O<</S/URI/URI(https://evil.example)>>>>>>endobj'),
  'a PDF that starts a program': latin('%PDF-1.4\n1 0 obj<</OpenAction<</S/Launch/F(cmd.exe)>>>>endobj'),
  'a PDF and a page': latin(`%PDF-1.7\n<!doctype html>${script}`),
  'a PDF and an archive': Buffer.concat([beginnings.pdf, zip]),
  'a PDF with nothing behind its mark': latin('%PDF-1.7\n'),
  'a PNG and a page': Buffer.concat([beginnings.png, latin(script)]),
  'a PNG and PHP': Buffer.concat([beginnings.png, latin('<?php system("id"); ?>')]),
  'a PNG of a billion points': latin('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\0\0\0'),
  'a JPEG and a page in its comment': latin(`\xff\xd8\xff\xfe\0\x40${script}`),
  'a JPEG and a Java archive': Buffer.concat([beginnings.jpg, zip]),
  'a WebP and a page': Buffer.concat([beginnings.webp, latin(script)]),
}
const names = [
  'cv.html',
  'cv.svg',
  '../../x.pdf',
  'cv.pdf\r\nSet-Cookie: a=b',
  '"; filename="x.html',
  '\u202Efdp.exe',
  'a'.repeat(5_000),
  '.',
]

test('what begins as a résumé is kept as it is and given as a download under a name of ours, so that nothing in it runs here', async (story) => {
  const [ben] = await people(market, 'Ben')
  let at = 0
  for (const [what, bytes] of Object.entries(polyglots)) {
    const name = names[at++ % names.length]!
    const answer = await uploadResume(market, ben, bytes, { name, type: 'text/html' })
    const got = await fetched(went(answer).resume_url)
    assert.equal(got.status, 200, what)
    assert.ok(got.bytes.equals(bytes), what)
    assert.equal(got.headers.get('content-type'), 'application/octet-stream', what)
    assert.match(got.headers.get('content-disposition')!, /^attachment; filename="resume\.(pdf|png|jpg|webp)"; /, what)
    assert.equal(got.headers.get('x-content-type-options'), 'nosniff', what)
    assert.equal(got.headers.get('content-security-policy'), `default-src 'none'; sandbox`, what)
    assert.equal(got.headers.get('set-cookie'), null, what)
  }
  story.diagnostic(`${Object.keys(polyglots).length} kinds served inert`)
})

test('it is told by its first bytes however they come in', async () => {
  const [cleo] = await people(market, 'Cleo')
  const boundary = 'cut'
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="resume"; filename="a"\r\nContent-Type: a/b\r\n\r\n`
  const whole = Buffer.concat([latin(head), beginnings.png, latin(`\r\n--${boundary}--\r\n`)])
  // A few bytes at a time, with a pause between them: the mark itself is cut.
  async function* drops(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < whole.length; from += 5) {
      yield whole.subarray(from, from + 5)
      await new Promise((done) => setTimeout(done, 1))
    }
  }
  const answer = await fetch(`${market.url}/api/profile/me/resume`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cleo.key}`, 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Readable.toWeb(Readable.from(drops())) as ReadableStream,
    duplex: 'half',
  } as RequestInit)
  const { resume_url: url } = (await answer.json()) as { resume_url: string }
  assert.equal(answer.status, 200)
  assert.ok((await fetched(url)).bytes.equals(beginnings.png))
})
