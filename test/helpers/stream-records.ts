import type { JsonObject } from '../../src/domain/json.ts'
import { VIN } from './messages.ts'

/** Records of a DynamoDB stream, as the original's table of anomalies makes them. */

export interface RecordChanges {
  readonly vin?: string
  readonly type?: string
  /** Epoch seconds, for the times of the item and of the record. */
  readonly at?: number
  readonly score?: string
  readonly sequence?: number
  /** Members of the item that are put over the usual ones; undefined takes one away. */
  readonly item?: Record<string, JsonObject | undefined>
}

export function streamRecord(
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE',
  changes: RecordChanges = {},
): JsonObject {
  const { sequence = 1, at = 1_587_492_773 } = changes
  return {
    eventID: `event-${sequence}`,
    eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-west-2',
    dynamodb: {
      ApproximateCreationDateTime: at,
      SequenceNumber: `44215845000000000174504${String(sequence).padStart(5, '0')}`,
      SizeBytes: 400,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
      [eventName === 'REMOVE' ? 'OldImage' : 'NewImage']: anomalyItem(changes),
    },
    ...(eventName === 'REMOVE'
      ? { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }
      : {}),
  }
}

function anomalyItem(changes: RecordChanges): JsonObject {
  const { vin = VIN, type = 'OilTemp', at = 1_587_492_773, score = '45.8', item = {} } = changes
  const time = new Date(at * 1000).toISOString()
  const members: Record<string, JsonObject | undefined> = {
    anomaly_id: { S: 'S019VT46E' },
    anomaly_score: { N: score },
    anomaly_type: { S: type },
    created_at: { S: time },
    identified_at: { S: time },
    updated_at: { S: time },
    pk: { S: vin },
    sk: { S: `A:${type}` },
    value: { N: '295.8' },
    vin: { S: vin },
    deletion_flag: { N: '1587492774' },
    ...item,
  }
  return Object.fromEntries(
    Object.entries(members).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
}
