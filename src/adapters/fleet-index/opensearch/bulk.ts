import { BulkBody } from './bulk-body.ts'
import {
  type EngineClient,
  EngineError,
  type EngineFailure,
  failureOf,
  isErrorless,
  reasonOf,
} from './client.ts'

/** What became of one operation of a bulk. */
export interface BulkItem {
  /** Of HTTP; 0: there was no answer, it may have been done or not. */
  readonly status: number
  readonly _seq_no?: number
  readonly _primary_term?: number
  readonly error?: EngineFailure
  /** A request with nothing but this operation was refused as a whole. */
  readonly isOfRequest?: boolean
}

export interface BulkRequest {
  readonly path: string
  /** Refuse to create an index because an alias is missing. */
  readonly requireAlias: boolean
  /** Each an action and its document, both with a line end. */
  readonly operations: BulkBody | readonly string[]
  /** The answer tells sequence numbers. */
  readonly withSequence?: boolean
}

/**
 * How long OpenSearch may wait for a shard that is away: by default a minute, longer than this side
 * waits, so that one shard would cost the outcomes of all others.
 */
const SHARD_TIMEOUT_MAX_MS = 5000

const OUTCOME = 'errors,items.*.status,items.*.error'
const WITH_SEQUENCE = `${OUTCOME},items.*._seq_no,items.*._primary_term`

/**
 * Sends operations in as many requests as their size asks for, one after the other; the answers
 * come in the order of the operations. Where a whole request fails, each of its operations and of
 * those behind it has: an engine that is away is asked once. Never rejects.
 */
export async function sendBulk(
  client: EngineClient,
  request: BulkRequest,
  sizeMaxBytes: number,
): Promise<BulkItem[]> {
  const { operations } = request
  const body = operations instanceof BulkBody ? operations : BulkBody.of(operations)
  const items: BulkItem[] = []
  let from = 0
  while (from < body.count) {
    const to = body.endOfChunk(from, sizeMaxBytes)
    if (!(await sendChunk(client, request, body, from, to, items))) {
      const failed = items.at(-1) ?? NO_ANSWER
      while (items.length < body.count) items.push(failed)
      break
    }
    from = to
  }
  return items.length > 1 && items.every(({ isOfRequest }) => isOfRequest)
    ? items.map(unknown)
    : items
}

/** Adds the items of the chunk; false if the engine can't be asked for more now. */
async function sendChunk(
  client: EngineClient,
  request: BulkRequest,
  body: BulkBody,
  from: number,
  to: number,
  items: BulkItem[],
): Promise<boolean> {
  try {
    for (const item of await post(client, request, body, from, to)) items.push(item)
    return true
  } catch (error) {
    body.keep()
    if (!(error instanceof EngineError)) throw error
    // Too large for the engine or a proxy before it, or one operation spoils the others: halves.
    const isOfContent = error.status === 413 || error.status === 400
    if (isOfContent && to - from > 1) {
      const middle = (from + to) >> 1
      if (!(await sendChunk(client, request, body, from, middle, items))) return false
      return sendChunk(client, request, body, middle, to, items)
    }
    const status = error.status ?? 0
    const failure = { type: error.type, reason: error.message }
    const failed = { status, error: failure, isOfRequest: error.status === 400 }
    for (let index = from; index < to; index += 1) items.push(failed)
    return isOfContent
  }
}

async function post(
  client: EngineClient,
  { path, requireAlias, withSequence = false }: BulkRequest,
  operations: BulkBody,
  from: number,
  to: number,
): Promise<readonly BulkItem[]> {
  const { body } = await client.request<string | BulkAnswer>({
    method: 'POST',
    path,
    query: {
      filter_path: withSequence ? WITH_SEQUENCE : OUTCOME,
      timeout: `${shardTimeoutMs(client)}ms`,
      ...(requireAlias ? { require_alias: true } : {}),
    },
    bulk: operations.slice(from, to),
    leaveErrorless: true,
  })
  const items = itemsOf(body, withSequence)
  if (items.length !== to - from) {
    const { reason } = failureOf(body)
    throw new EngineError(
      `OpenSearch answered a bulk request of ${to - from} operations with ${items.length} outcomes. ${reason}`,
    )
  }
  return items
}

interface BulkAnswer {
  readonly items?: readonly Record<string, BulkItem>[]
}

function itemsOf(answer: string | BulkAnswer, withSequence: boolean): readonly BulkItem[] {
  if (isErrorless(answer)) return scanItems(answer, withSequence)
  // Other text is no answer of OpenSearch's, whatever it looks like.
  return typeof answer === 'string' ? [] : (answer.items ?? []).map(onlyMember)
}

/** Where nothing failed, items are flat and all of one kind: there is no need to parse them. */
function scanItems(answer: string, withSequence: boolean): BulkItem[] {
  const items: BulkItem[] = []
  let start = 0
  for (let end = answer.indexOf('}}'); end >= 0; end = answer.indexOf('}}', start)) {
    items.push(withSequence ? scanSequence(answer, start, end) : DONE)
    start = end + 2
  }
  return items
}

function scanSequence(answer: string, start: number, end: number): BulkItem {
  const _seq_no = numberBehind('"_seq_no":', answer, start, end)
  const _primary_term = numberBehind('"_primary_term":', answer, start, end)
  if (_seq_no === undefined || _primary_term === undefined) return DONE
  return { status: DONE.status, _seq_no, _primary_term }
}

function numberBehind(
  name: string,
  answer: string,
  start: number,
  end: number,
): number | undefined {
  const found = answer.indexOf(name, start)
  if (found < 0 || found > end) return undefined
  const from = found + name.length
  let number = 0
  let at = from
  for (; at < end; at += 1) {
    const digit = answer.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) break
    number = number * 10 + digit
  }
  return at === from ? undefined : number
}

function shardTimeoutMs({ requestTimeoutMs }: EngineClient): number {
  return Math.min(SHARD_TIMEOUT_MAX_MS, Math.floor(requestTimeoutMs / 3))
}

/** Where every request is refused it isn't the operations that are wrong. */
function unknown(item: BulkItem): BulkItem {
  return { ...item, status: 0 }
}

/** `{"index": {…}}` → `{…}` */
function onlyMember(item: Record<string, BulkItem>): BulkItem {
  for (const action in item) return item[action] ?? NO_ANSWER
  return NO_ANSWER
}

const NO_ANSWER: BulkItem = { status: 0 }
const DONE: BulkItem = { status: 200 }

export function isDone({ status }: BulkItem): boolean {
  return status >= 200 && status < 300
}

/** Later it may be possible; the document itself is not what's wrong. */
export function isForLater({ status, error }: BulkItem): boolean {
  if (status === 400) {
    return OF_THE_INDEX.has(error?.type ?? '') || (error?.reason?.includes(SHARD_IS_FULL) ?? false)
  }
  return [0, 401, 403, 404, 408, 429].includes(status) || status >= 500
}

/** Closed by somebody; no shard left in the cluster. */
const OF_THE_INDEX = new Set(['index_closed_exception', 'validation_exception'])
/** Lucene's limit of some two thousand million documents: needs OPENSEARCH_SHARDS raised. */
const SHARD_IS_FULL = 'number of documents in the index cannot exceed'

/** Why something is not stored. */
export interface Failure {
  readonly kind: 'rejected' | 'retry'
  readonly reason: string
}

export function failureOfItem(item: BulkItem): Failure {
  return { kind: isForLater(item) ? 'retry' : 'rejected', reason: describeItem(item) }
}

/** For people: why an operation failed. */
export function describeItem({ status, error }: BulkItem): string {
  const reason = reasonOf(error)
  const type = error?.type ?? ''
  if (reason === '') return `OpenSearch answered ${status} ${type}`.trim()
  return type === '' || reason.includes(type) ? reason : `${type}: ${reason}`
}
