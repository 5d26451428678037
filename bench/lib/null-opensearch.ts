import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

// As much of OpenSearch as Fleetgrid asks for, without storing a document: every write succeeds as
// fast as it can be read. A process of its own, so that its CPU is not the contestant's. It prints
// its address; GET /bench tells what it got, with ?created=N as soon as it has so many messages; POST
// /bench?capture=1 starts to keep bulk bodies, ?take=1 answers with them.

interface Bulk {
  readonly path: string
  readonly body: string
}

const LINE_END = 10
const CREATE = Buffer.from('{"create"')
/** Bulks of every contestant's messages name their index in each action; others go to an alias. */
const MESSAGES = '/_bulk'

const aliases = new Map<string, string>()
const mappings = new Map<string, unknown>()
let operations = 0
let created = 0
let sequence = 0
let captured: Bulk[] | undefined
/** Who wants to know when there are so many. */
let waiting: { readonly created: number; readonly response: ServerResponse }[] = []

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const body = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)
    answer(request.method ?? 'GET', url, body, response)
  })
})

function answer(method: string, url: URL, body: Buffer, response: ServerResponse): void {
  const path = url.pathname
  if (path === '/') send(response, 200, { version: { distribution: 'opensearch' } })
  else if (path === '/bench' && method === 'POST') send(response, 200, capture(url))
  else if (path === '/bench') tell({ created: Number(url.searchParams.get('created')), response })
  else if (path.endsWith('/_bulk')) bulk(path, body, response)
  else if (path.endsWith('/_mget')) send(response, 200, { docs: [] })
  else if (path.startsWith('/_alias/')) findAlias(path.slice('/_alias/'.length), response)
  else if (path.startsWith('/_index_template/') && method === 'GET') send(response, 404, {})
  else if (path.endsWith('/_mapping') && method === 'GET') {
    const index = path.slice(1, -'/_mapping'.length)
    send(response, 200, { [index]: { mappings: mappings.get(index) ?? {} } })
  } else if (path.endsWith('/_search/point_in_time')) send(response, 200, { pit_id: 'none' })
  else if (path.endsWith('/_search')) send(response, 200, { hits: { hits: [] } })
  else if (path.includes('/_block') || path.startsWith('/_cat')) send(response, 200, {})
  else {
    if (method === 'PUT' && /^\/[^_/][^/]*$/.test(path)) createIndex(path.slice(1), body)
    send(response, 200, { acknowledged: true })
  }
}

function capture(url: URL): object {
  if (url.searchParams.get('capture') === '1') captured = []
  const bulks = captured
  if (url.searchParams.get('take') === '1') captured = undefined
  return { bulks }
}

function tell(one: (typeof waiting)[number]): void {
  if (created >= one.created) send(one.response, 200, { operations, created })
  else waiting.push(one)
}

/** Members are counted by their line ends: an action and its document have two. */
function bulk(path: string, body: Buffer, response: ServerResponse): void {
  captured?.push({ path, body: body.toString('utf8') })
  const items: string[] = []
  let at = 0
  while (at < body.length) {
    const isCreate = body.compare(CREATE, 0, CREATE.length, at, at + CREATE.length) === 0
    const action = isCreate ? 'create' : 'index'
    sequence += 1
    items.push(`{"${action}":{"status":201,"_seq_no":${sequence},"_primary_term":1}}`)
    const actionEnd = body.indexOf(LINE_END, at)
    at = body.indexOf(LINE_END, actionEnd + 1) + 1
    if (at === 0) break
  }
  operations += items.length
  send(response, 200, `{"errors":false,"items":[${items.join(',')}]}`)
  if (path !== MESSAGES) return
  created += items.length
  const told = waiting
  waiting = []
  for (const one of told) tell(one)
}

/** One, or several with commas between. */
function findAlias(names: string, response: ServerResponse): void {
  const found = decodeURIComponent(names)
    .split(',')
    .map((name) => aliases.get(name))
  if (found.includes(undefined)) send(response, 404, {})
  else send(response, 200, Object.fromEntries(found.map((index) => [index, {}])))
}

function createIndex(name: string, body: Buffer): void {
  const settings = JSON.parse(body.toString('utf8')) as {
    aliases?: Record<string, unknown>
    mappings?: unknown
  }
  mappings.set(name, settings.mappings)
  for (const alias of Object.keys(settings.aliases ?? {})) aliases.set(alias, name)
}

function send(response: ServerResponse, status: number, body: object | string): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
  response.end(text)
}

server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
