import t from 'tap'
import type { ChargingEvent } from '../../src/charging/charging-event.ts'
import { createServices } from '../../src/charging/create-services.ts'
import type { ServicesOptions } from '../../src/charging/services-options.ts'
import type { TransactionEvent } from '../../src/domain/charging-transaction.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import { createChargingWorld, NOW } from '../helpers/charging-world.ts'

const world = await createChargingWorld(t, { vendorIds: ['com.example'] })
const { services, stores } = world

/** What has been told since. */
function collect(): () => ChargingEvent[] {
  const before = world.events.length
  return () => world.events.slice(before)
}

t.test('each outcome is told once it is durable', async (t) => {
  const session = await world.connect('1.6')
  const place = { chargePointId: session.id, evseId: 1, connectorId: 1 }
  await world.putToken('EVENTS')
  const events = collect()
  await services.booting.boot(session, { vendor: 'V', model: 'M' })
  await services.authorization.authorize('EVENTS')
  const { transaction } = await services.transactions.start(session, {
    ...place,
    tokenUid: 'EVENTS',
    at: NOW,
    meterStartWh: 0,
  })
  const number = transaction.number ?? 0
  const reading = { at: NOW, samples: [{ value: 1 }] }
  await services.transactions.addReadings(session, place, number, [reading])
  const stop = { chargePointId: session.id, number, at: NOW, meterStopWh: 1, readings: [] }
  await services.transactions.stop(session, stop)
  await services.transactions.stop(session, { ...stop, number: 999_999 })
  await services.connectors.report(session, { ...place, state: 'Available', at: NOW })
  await services.records.add(session, 'security-event', { type: 'X' })
  await services.vendorMessages.receive(session, { vendorId: 'com.example' })
  const chargePointId = session.id
  t.strictSame(events(), [
    { kind: 'boot', outcome: 'accepted', chargePointId },
    { kind: 'authorize', outcome: 'Accepted' },
    { kind: 'transaction-start', outcome: 'Accepted', chargePointId },
    { kind: 'readings', outcome: 'stored', chargePointId },
    { kind: 'transaction-stop', outcome: 'no-token', chargePointId },
    { kind: 'transaction-stop', outcome: 'orphan', chargePointId },
    { kind: 'status', outcome: 'Available', chargePointId },
    { kind: 'record', outcome: 'security-event', chargePointId },
    { kind: 'vendor-message', outcome: 'Accepted', chargePointId },
  ])
})

t.test('while a store is away nothing is answered and nothing is told', async (t) => {
  const away = async () => {
    throw new FleetgridError('unavailable', 'the database is away')
  }
  const all = new Proxy({}, { get: () => away }) as never
  const events: ChargingEvent[] = []
  const options: ServicesOptions = {
    chargePoints: all,
    idTokens: all,
    transactions: all,
    records: all,
    holdings: all,
    clock: { now: () => NOW },
    heartbeatIntervalSeconds: 300,
    bootRetryIntervalSeconds: 30,
    vendorIds: new Set(),
    onEvent: (event) => events.push(event),
  }
  const { booting, authorization, transactions, connectors, records, vendorMessages } =
    createServices(options)
  const session = await world.connect('1.6', 'pending')
  const place = { chargePointId: session.id, evseId: 1, connectorId: 1 }
  const start = { ...place, tokenUid: 'A', at: NOW, meterStartWh: 0 }
  const stop = { chargePointId: session.id, number: 1, at: NOW, meterStopWh: 0, readings: [] }
  const reading = { at: NOW, samples: [] }
  const calls: (() => Promise<unknown>)[] = [
    () => booting.boot(session, { vendor: 'V', model: 'M' }),
    () => authorization.authorize('A'),
    () => transactions.start(session, start),
    () => transactions.stop(session, { ...stop, tokenUid: 'A' }),
    () => transactions.addReadings(session, place, 1, [reading]),
    () => connectors.report(session, { ...place, state: 'Available', at: NOW }),
    () => records.add(session, 'log-status', {}),
    () => vendorMessages.receive(session, { vendorId: 'V' }),
  ]
  for (const call of calls)
    await t.rejects(call(), new FleetgridError('unavailable', 'the database is away'))
  t.strictSame(events, [])
  t.equal(session.registration, 'pending')
})

t.test('a token of 2.0.1 is judged by its transaction', async (t) => {
  const session = await world.connect('2.0.1')
  await world.putToken('STARTER')
  await world.putToken('MASTER')
  const event = (ownId: string, values: Partial<TransactionEvent>): TransactionEvent => ({
    chargePointId: session.id,
    evseId: 1,
    connectorId: 1,
    ownId,
    kind: 'Started',
    seqNo: 0,
    at: NOW,
    trigger: 'Authorized',
    isOffline: false,
    readings: [],
    ...values,
  })
  const record = async (ownId: string, values: Partial<TransactionEvent>) =>
    (await services.transactions.record(session, event(ownId, values)))?.status
  t.equal(await record('a', { tokenUid: 'STARTER' }), 'Accepted')
  t.equal(await record('a', { kind: 'Updated', seqNo: 1 }), undefined, 'nobody has shown a token')
  t.equal(await record('b', { tokenUid: 'STARTER' }), 'ConcurrentTx', 'one too many')
  const end = { kind: 'Ended', seqNo: 2, at: NOW + 1000 } as const
  t.equal(await record('b', { ...end, tokenUid: 'STARTER' }), 'Accepted', 'it ends')
  t.equal(await record('a', { ...end, tokenUid: 'MASTER' }), 'Accepted', 'another one may end it')
  t.equal(await record('c', { tokenUid: 'NOBODY' }), 'Unknown')
})

t.test('who has too many transactions may end each, and those of others', async (t) => {
  const session = await world.connect('1.6')
  const place = { chargePointId: session.id, evseId: 1, connectorId: 1 }
  await world.putToken('BUSY')
  await world.putToken('OTHER')
  const start = async (tokenUid: string, meterStartWh: number) =>
    services.transactions.start(session, { ...place, tokenUid, at: NOW, meterStartWh })
  const first = await start('BUSY', 1)
  for (const meterStartWh of [2, 3, 4]) await start('BUSY', meterStartWh)
  const { transaction } = await start('OTHER', 1)
  const stop = async (number = 0) => {
    const stop = { chargePointId: session.id, number, at: NOW, meterStopWh: 5, readings: [] }
    return (await services.transactions.stop(session, { ...stop, tokenUid: 'BUSY' }))?.status
  }
  t.equal(await stop(first.transaction.number), 'Accepted')
  t.equal(await stop(transaction.number), 'Accepted')
  t.equal((await start('BUSY', 1)).token.status, 'Accepted', 'told again, it is over')
  t.equal((await start('BUSY', 2)).token.status, 'ConcurrentTx')
  const event = {
    ...place,
    ownId: 'x',
    kind: 'Started',
    seqNo: 0,
    at: NOW,
    trigger: 'Authorized',
    isOffline: false,
    readings: [],
  } as const
  await services.transactions.record(session, { ...event, tokenUid: 'OTHER' })
  const updated = { ...event, kind: 'Updated', seqNo: 1, at: NOW + 1, tokenUid: 'BUSY' } as const
  t.equal((await services.transactions.record(session, updated))?.status, 'Accepted')
})

t.test('what is told again with its time is one record', async (t) => {
  const session = await world.connect('1.6')
  const kept = async () =>
    (await stores.records.list({ chargePointId: session.id, limit: 10 })).length
  const event = { type: 'X', timestamp: '2026-04-06T09:00:00Z' }
  await services.records.add(session, 'security-event', event, NOW - 1)
  await services.records.add(session, 'security-event', event, NOW - 1)
  t.equal(await kept(), 1)
  await services.records.add(session, 'security-event', { ...event, type: 'Y' }, NOW - 1)
  t.equal(await kept(), 2, 'another one at the same time')
  await services.records.add(session, 'device-event', event, NOW - 1)
  t.equal(await kept(), 3, 'another kind')
  await services.records.add(session, 'device-event', event, NOW)
  t.equal(await kept(), 4, 'another time')
})
