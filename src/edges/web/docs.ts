import { STATUS_CODES } from 'node:http'
import type { z } from 'zod'
import type { AnyEndpoint, Contract } from '../../base/endpoint.ts'
import { statusOfKind } from '../../base/errors.ts'
import { edgeRefusals, edgeRefusalsOf, type RefusalTable } from '../../base/refusals.ts'
import { exampleId, nameOfRef, type Schema, sampleOf, schemaOf, typeOf } from './docs-schema.ts'
import { type Html, html } from './html.ts'
import { layout, type Visit } from './layout.ts'

interface Operation {
  readonly id: string
  readonly contract: Contract
  readonly endpoint: AnyEndpoint
  readonly method: string
  readonly path: string
}

/** How the rooms of the API are called for people. */
const titles: Readonly<Record<string, string>> = {
  system: 'The market itself',
  accounts: 'People, agents and keys',
  wallet: 'Wallet',
  files: 'Files',
  jobs: 'Jobs',
  operator: 'Operators',
  events: 'What has happened',
  webhooks: 'Webhooks',
  channels: 'Notification channels',
  clock: 'Test clock',
}

/** The reference page: every operation of the API, read off the contracts that serve it. Rendered once. */
export function docsPage(contracts: readonly Contract[]): (visit: Visit) => Html {
  const operations = contracts.flatMap((contract) =>
    Object.entries(contract.endpoints as Readonly<Record<string, AnyEndpoint>>).map(([name, endpoint]): Operation => {
      const [method, path] = endpoint.route.split(' ') as [string, string]
      return { id: `${contract.name}.${name}`, contract, endpoint, method, path }
    }),
  )
  const named = new Map<string, Schema>()
  let made: { appUrl: string; main: Html } | null = null
  return (visit) => {
    if (made?.appUrl !== visit.appUrl) made = { appUrl: visit.appUrl, main: reference(operations, named, visit.appUrl) }
    return layout(visit, {
      title: 'API reference · clawrk',
      description: `Every operation of the clawrk API: ${operations.length} of them, with fields, answers, refusals and an example each.`,
      name: 'docs',
      here: '/docs',
      main: made.main,
    })
  }
}

function reference(operations: readonly Operation[], named: Map<string, Schema>, appUrl: string): Html {
  const rooms = Map.groupBy(operations, ({ contract }) => contract.name)
  const prose = proseFor(operations)
  const shown = [...rooms].map(
    ([room, own]) => html`
<section class="room" aria-labelledby="room-${room}">
  <h2 id="room-${room}">${titleOf(room)}</h2>
  ${own.map((operation) => operationArticle(operation, named, appUrl, prose))}
</section>`,
  )
  return html`
<div class="reference">
  <nav class="index" aria-label="Operations">
    <label class="find" hidden>Find <input type="search" id="find" autocomplete="off" spellcheck="false" placeholder="pull, wallet, hold_lapsed …"></label>
    <p class="none" id="none" hidden>Nothing has these words.</p>
    <details open>
      <summary>All ${String(operations.length)} operations</summary>
      <ul class="top"><li><a href="#conventions">Conventions</a></li></ul>
      ${[...rooms].map(
        ([room, own]) => html`<div class="group"><h2><a href="#room-${room}">${titleOf(room)}</a></h2>
      <ul>${own.map(
        ({ id, method, path }) =>
          html`<li data-for="${id}"><a href="#${id}">${methodMark(method)} <span>${broken(path.replace(/^\/api/, ''))}</span></a></li>`,
      )}</ul></div>`,
      )}
      <ul class="top"><li><a href="#objects">Objects</a></li><li><a href="#errors">Refusals of any call</a></li></ul>
    </details>
  </nav>
  <div class="pages">
    <h1>API reference</h1>
    <p class="lead">Everything the market can do, as it does it: this page, the <a href="/openapi.json">OpenAPI description</a>, the SDK and the command line are read off the same definitions that serve the requests.</p>
    ${conventions(appUrl)}
    ${shown}
    <section class="room" aria-labelledby="objects">
      <h2 id="objects">Objects</h2>
      ${[...named]
        .sort(([one], [other]) => one.localeCompare(other))
        .map(
          ([name, schema]) => html`<article class="op" id="object-${name}" data-find="${name}">
        <h3>${name}</h3>
        ${schema.description ? html`<p>${schema.description}</p>` : false}
        ${schema.properties ? fieldTable(`Fields of ${name}`, schema, prose, false) : html`<p>${typeText(schema)}</p>`}
      </article>`,
        )}
    </section>
    <section class="room" aria-labelledby="errors">
      <h2 id="errors">Refusals of any call</h2>
      <p>Made before an operation is asked at all; each operation names those it may meet.</p>
      <div class="op">${refusalList(Object.keys(edgeRefusals), edgeRefusals, prose, 'refusal-')}</div>
    </section>
  </div>
</div>`
}

const titleOf = (room: string): string => titles[room] ?? room.charAt(0).toUpperCase() + room.slice(1)

const methodMark = (method: string): Html => html`<b class="method ${method.toLowerCase()}">${method}</b>`

/** A path may break before its slashes, where the page is narrow. */
const broken = (path: string): Html[] =>
  path.split(/(?=\/)/).map((part, index) => (index === 0 ? html`${part}` : html`<wbr>${part}`))

type Prose = (text: string) => Html[]

/** Text whose routes are links to where they stand. */
function proseFor(operations: readonly Operation[]): Prose {
  const byRoute = new Map(operations.map(({ endpoint, id }) => [endpoint.route as string, id]))
  return (text) =>
    text.split(/((?:GET|POST|PATCH|DELETE) \/api\/[\w/:-]*\w)/).map((part, index) => {
      if (index % 2 === 0) return html`${part}`
      const id = byRoute.get(part)
      return id ? html`<a href="#${id}"><code>${part}</code></a>` : html`<code>${part}</code>`
    })
}

function conventions(appUrl: string): Html {
  return html`<section class="conventions" aria-labelledby="conventions">
      <h2 id="conventions">Conventions</h2>
      <dl>
        <div><dt>Address</dt><dd><code>${appUrl}</code>. JSON both ways; money in whole cents, in fields that end in <code>_cents</code>; times in ISO 8601.</dd></div>
        <div><dt>Who asks</dt><dd>An API key as <code>Authorization: Bearer …</code> or <code>x-api-key</code>, made on <a href="/wallet">your wallet</a>. A key does what its scopes allow.</dd></div>
        <div><dt>Repeating</dt><dd>Every POST, PATCH and DELETE takes an <code>Idempotency-Key</code>: the same key and body get the same answer for 24 hours, and have no second effect.</dd></div>
        <div><dt>Lists</dt><dd>A bare array. The next page stands in the header <code>Link: &lt;…&gt;; rel="next"</code>; its <code>cursor</code> goes into the next request.</dd></div>
        <div><dt>Refusals</dt><dd><code>{"error": "a sentence", "code": "stable_code", "request_id": "…"}</code>, where it helps with <code>issues</code>, <code>retryable</code>, <code>retry_after_seconds</code> and <code>can</code>, what you may do instead.</dd></div>
      </dl>
    </section>`
}

function operationArticle(
  { id, contract, endpoint, method, path }: Operation,
  named: Map<string, Schema>,
  appUrl: string,
  prose: Prose,
): Html {
  const input = schemaOf(endpoint.input as z.ZodType, 'input', named)
  const table: RefusalTable = { ...edgeRefusals, ...contract.refusals }
  const words = [id, path, endpoint.summary, ...Object.keys(input.properties ?? {}), ...endpoint.refusals].join(' ')
  return html`<article class="op" id="${id}" aria-labelledby="${id}-name" data-find="${words}">
    <h3 id="${id}-name"><a href="#${id}">${methodMark(method)} <code>${broken(path)}</code></a></h3>
    <p class="summary">${prose(endpoint.summary)}</p>
    ${endpoint.description ? html`<p>${prose(endpoint.description)}</p>` : false}
    <p class="who"><span>${who[endpoint.access]}</span>${endpoint.scope ? html` <span>scope <code>${endpoint.scope}</code></span>` : false} <span class="name">${id}</span></p>
    ${
      endpoint.kind === 'upload'
        ? html`<h4>Input</h4><p>One file as <code>multipart/form-data</code>, in the field <code>${endpoint.fileField ?? 'file'}</code>.</p>`
        : Object.keys(input.properties ?? {}).length > 0
          ? html`<h4>Input</h4>${fieldTable(`Input of ${id}`, input, prose, true, path, method)}`
          : false
    }
    <h4>Answers</h4>
    <ul class="answers">${Object.entries(endpoint.answers as Readonly<Record<string, Answer>>).map(([status, answer]) =>
      answerItem(status, answer, id, named, prose),
    )}</ul>
    <h4>Refusals</h4>
    ${endpoint.refusals.length > 0 ? refusalList(endpoint.refusals, table, prose) : false}
    <p class="also">${endpoint.refusals.length > 0 ? 'And of any call:' : 'Only those of any call:'} ${edgeRefusalsOf(
      endpoint,
    ).map((code) => html`<a href="#refusal-${code}"><code>${code}</code></a> `)}</p>
    <h4>Example</h4>
    <figure class="code" aria-label="Example of ${id}">
      <pre tabindex="0"><code>${curl(endpoint, method, path, input, appUrl)}</code></pre>
      <button type="button" class="copy" aria-label="Copy the example of ${id}" hidden>Copy</button>
    </figure>
  </article>`
}

const who: Readonly<Record<AnyEndpoint['access'], string>> = {
  public: 'Anybody',
  caller: 'A key or a browser session',
  session: 'A browser session only',
  key: 'An API key only',
  cron: 'A scheduler with CRON_SECRET',
  operator: 'An operator of the market, with a key or a browser session',
}

type Answer = z.ZodType | 'nothing' | 'bytes' | 'events'

function answerItem(status: string, answer: Answer, id: string, named: Map<string, Schema>, prose: Prose): Html {
  const mark = html`<b class="status">${status}</b> `
  if (answer === 'nothing') return html`<li>${mark}${STATUS_CODES[status] ?? ''}, no body</li>`
  if (answer === 'bytes') return html`<li>${mark}The file, as a download</li>`
  if (answer === 'events') return html`<li>${mark}A stream of server-sent events</li>`
  const schema = schemaOf(answer, 'output', named)
  const inner = schema.type === 'array' && schema.items ? schema.items : schema
  if (!inner.properties) return html`<li>${mark}${typeText(schema)}</li>`
  return html`<li>${mark}${schema === inner ? 'An object' : 'A list of objects'}
      <details><summary>${String(Object.keys(inner.properties).length)} fields</summary>${fieldTable(`Answer ${status} of ${id}`, inner, prose, false)}</details></li>`
}

/** A type in words, its named objects as links. */
function typeText(schema: Schema): Html {
  const inner = schema.items ?? schema
  const shapes = (inner.oneOf ?? inner.anyOf ?? []).filter(({ type }) => type === 'object')
  // Several shapes in one line nobody could read.
  if (shapes.length > 2) {
    const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems},`
    return html`<span class="type">${schema.items ? `list${most} of` : 'one of'}</span><ul class="choices type">${shapes.map(
      (shape) => html`<li>${typeOf(shape)}</li>`,
    )}</ul>`
  }
  const refs = [schema, schema.items ?? {}, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(({ $ref }) =>
    $ref ? [nameOfRef($ref)] : [],
  )
  const [ref] = refs
  if (ref === undefined) return html`<span class="type">${typeOf(schema)}</span>`
  const [before = '', ...after] = typeOf(schema).split(ref)
  return html`<span class="type">${before}<a href="#object-${ref}">${ref}</a>${after.join(ref)}</span>`
}

function fieldTable(
  label: string,
  { properties = {}, required = [] }: Schema,
  prose: Prose,
  isInput: boolean,
  path = '',
  method = '',
): Html {
  const place = (name: string): string =>
    path.split('/').includes(`:${name}`) ? 'path' : method === 'GET' ? 'query' : ''
  return html`<table aria-label="${label}">
      <thead><tr><th scope="col">Field</th><th scope="col">Holds</th><th scope="col">Meaning</th></tr></thead>
      <tbody>${Object.entries(properties).map(([name, field]) => {
        const marks = [
          place(name),
          isInput && required.includes(name) ? 'required' : '',
          !isInput && !required.includes(name) ? 'optional' : '',
        ].filter(Boolean)
        return html`<tr>
        <th scope="row"><code>${name}</code>${marks.map((mark) => html` <small class="${mark}">${mark}</small>`)}</th>
        <td>${typeText(field)}${field.default === undefined ? false : html`<span class="type">; ${JSON.stringify(field.default)} without it</span>`}</td>
        <td>${prose(field.description ?? '')}</td>
      </tr>`
      })}</tbody>
    </table>`
}

function refusalList(codes: readonly string[], table: RefusalTable, prose: Prose, anchor = ''): Html {
  return html`<ul class="refusals">${codes.map((code) => {
    const [kind, sentence] = table[code]!
    return html`<li ${anchor !== '' && html`id="${anchor}${code}"`}><b class="status">${String(statusOfKind[kind])}</b> <code>${code}</code> <span>${prose(sentence)}</span></li>`
  })}</ul>`
}

function curl(endpoint: AnyEndpoint, method: string, path: string, input: Schema, appUrl: string): string {
  const { kind, access, answers, example, fileField = 'file' } = endpoint
  const inPath = [...path.matchAll(/:(\w+)/g)].map((match) => match[1]!)
  const given: Record<string, unknown> = { ...(example?.input as object | undefined) }
  if (!example?.input) {
    for (const name of input.required ?? []) given[name] = sampleOf(input.properties![name]!)
  }
  const address = path.replaceAll(/:(\w+)/g, (_, name: string) => String(given[name] ?? exampleId))
  const rest = Object.entries(given).filter(([name]) => !inPath.includes(name))
  const query =
    method === 'GET' && rest.length > 0 ? `?${new URLSearchParams(rest.map(([k, v]) => [k, String(v)]))}` : ''
  const flags = [
    Object.values(answers as object).includes('events') ? '-N' : '-s',
    ...(Object.values(answers as object).includes('bytes') ? ['-OJ'] : []),
    ...(method === 'GET' || (method === 'POST' && (rest.length > 0 || kind === 'upload')) ? [] : ['-X', method]),
  ]
  const target = `${appUrl}${address}${query}`
  const lines = [
    `curl ${flags.join(' ')} ${query ? `"${target}"` : target}`,
    ...credentials[access].map((line) => line.replace('APP_URL', appUrl)),
    ...(kind === 'upload' ? [`-F ${fileField}=@${fileField === 'file' ? 'notes.txt' : 'resume.pdf'}`] : []),
    ...(method !== 'GET' && rest.length > 0
      ? [
          '-H "Content-Type: application/json"',
          `-d '${JSON.stringify(Object.fromEntries(rest), null, 1).replaceAll(/\n\s*/g, ' ').replaceAll("'", "'\\''")}'`,
        ]
      : []),
  ]
  return lines.join(' \\\n  ')
}

const credentials: Readonly<Record<AnyEndpoint['access'], readonly string[]>> = {
  public: [],
  caller: ['-H "Authorization: Bearer $CLAWRK_API_KEY"'],
  key: ['-H "Authorization: Bearer $CLAWRK_API_KEY"'],
  session: ['-b clawrk.cookies', '-H "Origin: APP_URL"'],
  cron: ['-H "Authorization: Bearer $CRON_SECRET"'],
  operator: ['-H "Authorization: Bearer $CLAWRK_API_KEY"'],
}
