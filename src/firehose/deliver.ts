import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { archiveObjectKey, timeOfArchiveObject } from '../domain/archive-object.ts'
import { type CsvObjects, type CsvSettings, csvObjects } from '../domain/csv-objects.ts'
import { decodeBase64 } from '../lib/base64.ts'
import type { FirehoseRequests } from '../ports/firehose-requests.ts'
import type { ObjectStore } from '../ports/object-store.ts'

// What passes through here: a request of a delivery stream whose destination is an HTTP endpoint → its
// records, one behind the other as they are → one object, and one of CSV beside it, if that is wanted. The
// same request again is the same objects.
// https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html

/** Of a request, unpacked: what Firehose itself allows. */
export const BODY_SIZE_MAX_BYTES = 67_108_864
const RECORDS_MAX = 10_000
const RECORD_SIZE_MAX_BYTES = 1_024_000
const ID_LENGTH_MAX = 200
const SOURCE = 'delivery'

const unpack = promisify(gunzip)
const pack = promisify(gzip)

export interface DeliverOptions {
  readonly requests: FirehoseRequests
  readonly objectStore: Pick<ObjectStore, 'put'>
  /** Before the hour in the names of objects, with its slash. */
  readonly objectPrefix: string
  /** undefined: no CSV. */
  readonly csv: CsvSettings | undefined
  readonly onCsv: (made: CsvObjects) => void
  readonly now: () => number
}

export interface Delivery {
  readonly id: string
  readonly records: readonly Buffer[]
}

/** A request whose records nobody has looked at yet. */
export interface OpenedDelivery {
  readonly id: string
  readonly records: unknown
}

/** A request that is none; it is answered 400, which Firehose tries again and then keeps itself. */
export class BadDelivery extends Error {}

/**
 * Unpacks it and says whose it is.
 * @param id of the header; the body must have the same
 * @throws BadDelivery
 */
export async function openDelivery(
  body: Buffer,
  encoding: string | undefined,
  id: string | undefined,
): Promise<OpenedDelivery> {
  const document = parse(await unpackBody(body, encoding))
  const { requestId, records } = document as { requestId?: unknown; records?: unknown }
  if (typeof requestId !== 'string' || requestId === '' || requestId.length > ID_LENGTH_MAX) {
    throw new BadDelivery(`requestId is not a text of 1 to ${ID_LENGTH_MAX} characters`)
  }
  if (id !== undefined && id !== requestId) {
    throw new BadDelivery('X-Amz-Firehose-Request-Id and requestId differ')
  }
  return { id: requestId, records }
}

/** @throws BadDelivery */
export function readDelivery({ id, records }: OpenedDelivery): Delivery {
  if (!Array.isArray(records) || records.length > RECORDS_MAX) {
    throw new BadDelivery(`records is not a list of at most ${RECORDS_MAX}`)
  }
  return { id, records: records.map(readRecord) }
}

/** Stored when it resolves; once, however often the request comes. */
export async function deliver(
  delivery: Delivery,
  options: DeliverOptions,
): Promise<'stored' | 'duplicate'> {
  const { requests, objectStore, objectPrefix, csv, now } = options
  const { id, records } = delivery
  const request = await requests.place(id, nameOf(objectPrefix, id, now()), now())
  if (request.isStored) return 'duplicate'
  const body = await pack(Buffer.concat(records))
  // A second try that overtakes the first writes the same bytes under the same name.
  await objectStore.put(request.objectKey, body, 'application/gzip')
  if (csv !== undefined) await deliverCsv(delivery, request.objectKey, csv, options)
  await requests.stored(id)
  return 'stored'
}

/** Named after the raw object, so that a request that comes again writes the same ones. */
async function deliverCsv(
  { id, records }: Delivery,
  objectKey: string,
  csv: CsvSettings,
  { objectStore, onCsv, now }: DeliverOptions,
): Promise<void> {
  const at = timeOfArchiveObject(objectKey) ?? now()
  const made = await csvObjects(() => records, csv, { source: SOURCE, at, id: hashOf(id) })
  for (const { key, body } of made.objects) await objectStore.put(key, body, 'application/gzip')
  onCsv(made)
}

function nameOf(prefix: string, requestId: string, at: number): string {
  const id = hashOf(requestId)
  return archiveObjectKey({ prefix, source: SOURCE, at, id, extension: '.gz' })
}

/** Ids are somebody else's words: their hash is what a name may hold. */
function hashOf(requestId: string): string {
  return createHash('sha256').update(requestId).digest('hex').slice(0, 32)
}

async function unpackBody(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body
  if (encoding !== 'gzip')
    throw new BadDelivery(`Content-Encoding ${encoding.slice(0, 50)} is not gzip`)
  try {
    return await unpack(body, { maxOutputLength: BODY_SIZE_MAX_BYTES })
  } catch (error) {
    const isLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
    throw new BadDelivery(
      isLarge
        ? `the body is larger than ${BODY_SIZE_MAX_BYTES} bytes when unpacked`
        : 'the body is not gzip, although Content-Encoding says so',
    )
  }
}

function parse(body: Buffer): object {
  let document: unknown
  try {
    document = JSON.parse(body.toString('utf8'))
  } catch {
    throw new BadDelivery('the body is not JSON')
  }
  if (typeof document !== 'object' || document === null) {
    throw new BadDelivery('the body is not a JSON object')
  }
  return document
}

function readRecord(record: unknown, index: number): Buffer {
  const data = (record as { data?: unknown } | null)?.data
  if (typeof data !== 'string') throw new BadDelivery(`records[${index}].data is not a text`)
  const bytes = decodeBase64(data)
  if (bytes === undefined) throw new BadDelivery(`records[${index}].data is not base64`)
  if (bytes.length > RECORD_SIZE_MAX_BYTES) {
    throw new BadDelivery(`records[${index}] is larger than ${RECORD_SIZE_MAX_BYTES} bytes`)
  }
  return bytes
}
