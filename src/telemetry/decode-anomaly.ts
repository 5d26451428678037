import type { JsonObject } from '../domain/json.ts'
import { parseTimestamp } from '../domain/time.ts'
import { normalizeVin } from '../domain/vin.ts'
import { createShapeCheck } from './check-shape.ts'
import { Unusable } from './decode-payload.ts'
import { plainItem } from './dynamodb-attributes.ts'
import { contentId, type Envelope } from './envelope.ts'
import type { Message } from './messages.ts'
import { AnomalyItem, AnomalyRecordMessage } from './schemas.ts'

// One record of the DynamoDB stream of the table of anomalies (reference §1.5): an item that was put
// or changed raises its anomaly, one that was removed, by hand or by its time to live, clears it.

const checkRecord = createShapeCheck(AnomalyRecordMessage, ['dynamodb.approximatecreationdatetime'])
const checkItem = createShapeCheck(AnomalyItem, ['anomaly_score', 'value', 'deletion_flag'])

/** Items of other kinds share the table; their sort keys begin with something else. */
const SORT_KEY = /^A:(.+)$/
const ANOMALY_TYPE = /^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,63}$/

export function decodeAnomaly(document: JsonObject, envelope: Envelope): Message | string {
  const { value: record, repairs } = checkRecord(document)
  const raises = record.eventname !== 'REMOVE'
  const image = raises ? 'newimage' : 'oldimage'
  const typed = record.dynamodb[image]
  if (typed === undefined) {
    throw new Unusable(
      `dynamodb.${image} is missing: the stream must have the view type NEW_AND_OLD_IMAGES`,
    )
  }
  const plain = plainItem(typed as JsonObject, `dynamodb.${image}`)
  const { value: item, repairs: itemRepairs } = checkItem(plain)
  const type = item.anomaly_type ?? SORT_KEY.exec(item.sk ?? '')?.[1]
  if (type === undefined && typeof item.sk === 'string') return 'an item that is not an anomaly'
  if (type === undefined) throw new Unusable('neither anomaly_type nor sk says which anomaly it is')
  if (!ANOMALY_TYPE.test(type)) throw new Unusable('anomaly_type is not a plain name')
  const vin = normalizeVin(item.vin ?? item.pk ?? '')
  if (vin === undefined) throw new Unusable('neither vin nor pk is a vehicle identification number')
  const itemAt = raises ? itemTime(item) : undefined
  const sentAt = changedAt(record.dynamodb) ?? itemAt ?? envelope.receivedAt
  const at = Math.min(sentAt, envelope.receivedAt)
  const id = recordId(record, plain)
  return {
    kind: 'anomaly-record',
    vin,
    sentAt,
    id,
    stamp: { at, id },
    type,
    raises,
    reading: {
      ...(typeof item.anomaly_score === 'number' ? { score: item.anomaly_score } : {}),
      ...(typeof item.value === 'number' ? { value: item.value } : {}),
    },
    repairs: repairs + itemRepairs,
    document: {
      ...plain,
      vin,
      messageid: id,
      sendtimestamp: new Date(sentAt).toISOString(),
      anomaly_type: type,
      cleared: !raises,
    },
  }
}

interface StreamRecord {
  readonly approximatecreationdatetime?: number | undefined
  readonly sequencenumber?: string | undefined
}

/**
 * When the table was changed, in epoch ms, rounded down to the second by DynamoDB; within it the
 * number in the stream decides. The item's own times can't: one that is removed and put again in the
 * same second has no time that says which came last.
 */
function changedAt({ approximatecreationdatetime: seconds }: StreamRecord): number | undefined {
  return seconds === undefined ? undefined : Math.floor(seconds * 1000)
}

const TIMES = ['updated_at', 'identified_at', 'created_at'] as const

function itemTime(
  item: Partial<Record<(typeof TIMES)[number], string | null>>,
): number | undefined {
  for (const name of TIMES) {
    const text = item[name]
    if (text === undefined || text === null || text === '') continue
    const at = parseTimestamp(text)
    if (at === undefined) throw new Unusable(`${name} is not an ISO 8601 time`)
    return at
  }
  return undefined
}

const SEQUENCE_LENGTH = 40

/**
 * Begins with the number of the record in its stream, padded, so that of two changes of one second
 * the later one wins; ends with the content, so that only the same record has the same id.
 */
function recordId(
  record: { readonly eventid?: string | null; readonly dynamodb: StreamRecord },
  item: JsonObject,
): string {
  const sorted = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))
  const content = contentId(Buffer.from(JSON.stringify([record.eventid ?? null, sorted])))
  const { sequencenumber: number } = record.dynamodb
  return number === undefined ? content : `${number.padStart(SEQUENCE_LENGTH, '0')}~${content}`
}
