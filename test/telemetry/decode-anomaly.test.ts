import fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../../src/domain/json.ts'
import { decodeMessage } from '../../src/telemetry/decode-message.ts'
import { VIN } from '../helpers/messages.ts'
import { fleet, OTHER_VIN, receivedAt, type Sent, send } from '../helpers/registry.ts'
import { type RecordChanges, streamRecord } from '../helpers/stream-records.ts'

function decode(record: unknown) {
  const payload = Buffer.from(JSON.stringify(record))
  return decodeMessage({ family: 'anomaly-record', payload, receivedAt, sizeMaxBytes: 65_536 })
}

function usable(record: unknown) {
  const decoded = decode(record)
  const message = decoded.usable ? decoded.message : undefined
  if (message?.kind !== 'anomaly-record') throw new Error(JSON.stringify(decoded))
  return message
}

function reason(record: unknown): string {
  const decoded = decode(record)
  return decoded.usable ? 'usable' : decoded.reason
}

const AT_MS = 1_587_492_773_000
const insert = (item: RecordChanges['item'] = {}) => streamRecord('INSERT', { item })

t.test('the record of the original: vin and deletion_flag stay, numbers are numbers', async (t) => {
  const message = usable(streamRecord('INSERT'))
  t.match(message, {
    vin: VIN,
    type: 'OilTemp',
    raises: true,
    reading: { score: 45.8, value: 295.8 },
    sentAt: AT_MS,
    stamp: { at: AT_MS },
    repairs: 0,
    document: {
      vin: VIN,
      anomaly_type: 'OilTemp',
      anomaly_score: 45.8,
      value: 295.8,
      deletion_flag: 1_587_492_774,
      pk: VIN,
      sk: 'A:OilTemp',
      cleared: false,
      sendtimestamp: '2020-04-21T18:12:53.000Z',
      messageid: message.id,
    },
  })
})

t.test('MODIFY raises again, REMOVE clears', async (t) => {
  t.match(usable(streamRecord('MODIFY')), { raises: true, sentAt: AT_MS })
  const removed = usable(streamRecord('REMOVE'))
  t.match(removed, { raises: false, sentAt: AT_MS, document: { cleared: true } })
})

t.test('which vehicle, which anomaly', async (t) => {
  t.equal(usable(insert({ vin: undefined })).vin, VIN, 'pk where there is no vin')
  t.equal(usable(insert({ anomaly_type: undefined })).type, 'OilTemp', 'sk where there is no type')
  const tyre = usable(insert({ anomaly_type: undefined, sk: { S: 'A:Tyre:front' } }))
  t.equal(tyre.type, 'Tyre:front')
})

t.test('when: as the record says, else as the item says, else now', async (t) => {
  const sentAt = (item: RecordChanges['item'], time?: JsonObject) => {
    const { dynamodb, ...rest } = insert(item)
    const { ApproximateCreationDateTime: _, ...timeless } = dynamodb as JsonObject
    return usable({ ...rest, dynamodb: { ...timeless, ...time } }).sentAt
  }
  const noTimes = { updated_at: undefined, identified_at: undefined, created_at: undefined }
  const created = { ...noTimes, created_at: { S: '2020-01-01' } }
  t.equal(sentAt(created, { ApproximateCreationDateTime: 1_587_492_773 }), AT_MS)
  t.equal(sentAt(created, { ApproximateCreationDateTime: 1_587_492_773.25 }), AT_MS + 250)
  t.equal(sentAt(created), 1_577_836_800_000)
  t.equal(sentAt({ updated_at: { S: '2020-01-01' } }), 1_577_836_800_000, 'the latest of its times')
  t.equal(sentAt(noTimes), receivedAt)
  const future = streamRecord('INSERT', { at: Date.parse('2090-01-01T00:00:00Z') / 1000 })
  t.equal(usable(future).stamp.at, receivedAt)
})

t.test('numbers that came as text are repaired and counted', async (t) => {
  const message = usable(
    insert({ anomaly_score: { S: '45.827756308918936' }, value: { S: '295' } }),
  )
  t.match(message, { reading: { score: 45.827756308918936, value: 295 }, repairs: 2 })
})

t.test('every type of attribute', async (t) => {
  const extra = {
    M: {
      on: { BOOL: true },
      none: { NULL: true },
      list: { L: [{ N: '1e2' }, { S: '' }] },
      bytes: { B: 'AAE=' },
      texts: { SS: ['a', 'b'] },
      numbers: { NS: ['1', '-2.5'] },
    },
  }
  t.match(usable(insert({ extra })).document['extra'], {
    on: true,
    none: null,
    list: [100, ''],
    bytes: 'AAE=',
    texts: ['a', 'b'],
    numbers: [1, -2.5],
  })
})

t.test('the same record has the same id, whatever the order of its members', async (t) => {
  const { dynamodb, ...rest } = streamRecord('INSERT')
  const { NewImage, ...about } = dynamodb as JsonObject
  const turned = Object.fromEntries(Object.entries(NewImage as JsonObject).reverse())
  const again = { dynamodb: { NewImage: turned, ...about }, ...rest }
  t.equal(usable(again).id, usable(streamRecord('INSERT')).id)
  t.not(usable(streamRecord('INSERT', { score: '46' })).id, usable(streamRecord('INSERT')).id)
})

t.test('an item of another kind in the same table is ignored', async (t) => {
  const profile = insert({ anomaly_type: undefined, sk: { S: 'PROFILE' } })
  t.match(decode(profile), { usable: true, message: undefined })
})

const { dynamodb: whole, ...head } = streamRecord('INSERT')
const bad: [name: string, record: unknown, reason: RegExp][] = [
  ['no vehicle', insert({ vin: undefined, pk: undefined }), /neither vin nor pk/],
  ['no type', insert({ anomaly_type: undefined, sk: undefined }), /which anomaly/],
  ['a type that is no name', insert({ anomaly_type: { S: '<b>' } }), /not a plain name/],
  ['NaN', insert({ value: { N: 'NaN' } }), /newimage\.value of the type N is not a number/],
  ['an empty number', insert({ value: { N: '' } }), /not a number/],
  ['a number as a number', insert({ value: { N: 5 } }), /not a number/],
  ['1e999', insert({ value: { N: '1e999' } }), /not a number/],
  ['words for a number', insert({ value: { S: 'hot' } }), /^value must be number/],
  ['a bare value', insert({ value: 'x' as unknown as JsonObject }), /exactly one type/],
  ['two types', insert({ value: { N: '1', S: '1' } }), /exactly one type/],
  ['an unknown type', insert({ value: { X: '1' } }), /type "x"/],
  ['a number for a text', insert({ vin: { S: 5 } }), /newimage\.vin of the type S is not text/],
  ['a list for a map', insert({ extra: { M: [] } }), /not an object/],
  ['a time in words', insert({ updated_at: { S: 'noon' } }), /updated_at is not an ISO/],
  ['no image', { ...head, dynamodb: {} }, /newimage is missing.*NEW_AND_OLD_IMAGES/],
  ['the wrong image', { ...head, eventName: 'REMOVE', dynamodb: whole }, /oldimage is missing/],
  ['another event', { ...streamRecord('INSERT'), eventName: 'DROP' }, /^eventname must/],
  ['no dynamodb', head, /dynamodb/],
  ['a record of SQS', { messageId: 'x', body: '{}' }, /eventname|dynamodb/],
]
for (const [name, record, expected] of bad) {
  t.test(`bad input: ${name}`, async (t) => t.match(reason(record), expected))
}

t.test('several vehicles, raised, repeated and removed, in any order: one end', async (t) => {
  const sent: Sent[] = [
    ['anomaly-record', streamRecord('INSERT', { at: 1_587_000_000, sequence: 1 })],
    ['anomaly-record', streamRecord('MODIFY', { at: 1_587_000_060, sequence: 2, score: '50' })],
    ['anomaly-record', streamRecord('REMOVE', { at: 1_587_000_120, sequence: 3 })],
    ['anomaly-record', streamRecord('INSERT', { vin: OTHER_VIN, sequence: 4, score: '1' })],
    // Two of one second: the place in the stream decides.
    ['anomaly-record', streamRecord('MODIFY', { vin: OTHER_VIN, sequence: 5, score: '2' })],
    ['anomaly-record', streamRecord('INSERT', { vin: OTHER_VIN, type: 'Tyre', sequence: 6 })],
    ['anomaly-record', streamRecord('REMOVE', { vin: OTHER_VIN, type: 'Tyre', sequence: 7 })],
    ['anomaly-record', streamRecord('INSERT', { type: 'Brake', sequence: 8 })],
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(sent, { minLength: sent.length }), (shuffled) => {
      const registry = fleet(shuffled)
      t.same(registry.view(VIN)?.anomalies, ['Brake'])
      t.same(registry.view(OTHER_VIN)?.anomalies, ['OilTemp'])
      t.match(registry.vehicle(OTHER_VIN).status.anomalies['OilTemp'], { score: 2, value: 295.8 })
      t.match(registry.vehicle(VIN).status.anomalies['OilTemp'], { score: 50 })
    }),
    { seed: 20_261_121, numRuns: 200 },
  )
})

t.test('removed and found again within one second: it is there, in any order', async (t) => {
  const sent = (['INSERT', 'REMOVE', 'INSERT', 'REMOVE', 'INSERT'] as const).map(
    (eventName, index): Sent => [
      'anomaly-record',
      streamRecord(eventName, {
        sequence: index + 9,
        score: String(index),
        // The item's own clock is behind.
        item: { updated_at: { S: '2020-04-21T18:12:50Z' } },
      }),
    ],
  )
  fc.assert(
    fc.property(fc.shuffledSubarray(sent, { minLength: sent.length }), (shuffled) => {
      const registry = fleet([...shuffled, ...shuffled.toReversed()])
      t.same(registry.view(VIN)?.anomalies, ['OilTemp'])
      t.match(registry.vehicle(VIN).status.anomalies['OilTemp'], { score: 4 })
    }),
    { seed: 20_261_121, numRuns: 100 },
  )
})

t.test('what is written: one history record and the status', async (t) => {
  const registry = fleet([])
  const change = send(registry, 'anomaly-record', streamRecord('INSERT'))
  t.match(change.history, [
    { index: 'anomaly', vin: VIN, at: AT_MS, condition: 'OilTemp', raises: true },
  ])
  t.equal(change.statuses?.length, 1)
})

t.test('a vehicle takes a limited number of anomalies', async (t) => {
  const registry = fleet([])
  for (let number = 0; number < 200; number += 1) {
    send(registry, 'anomaly-record', streamRecord('INSERT', { type: `T${number}` }))
  }
  t.throws(
    () => send(registry, 'anomaly-record', streamRecord('REMOVE', { type: 'one-more' })),
    /more than 200 anomalies/,
  )
  send(registry, 'anomaly-record', streamRecord('MODIFY', { type: 'T7' }))
})
