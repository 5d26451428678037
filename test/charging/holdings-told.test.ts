import t from 'tap'
import type { ToldVariable } from '../../src/charging/holdings/told-variables.ts'
import { readReport } from '../../src/ocpp/v201/reported-variables.ts'
import type { Holding } from '../../src/ports/charge-point-holdings.ts'
import { createChargingWorld, NOW } from '../helpers/charging-world.ts'

// What charge points tell by themselves changes what they are believed to hold.

const world = await createChargingWorld(t)
const { services, stores, events } = world
const { holdings } = stores
const MINUTE = 60_000

async function reserve(chargePointId: string, at: number, key = '12'): Promise<void> {
  const document = { reservationId: Number(key), tokenUid: 'A' }
  const expiresAt = at + 30 * MINUTE
  const put = [{ kind: 'reservation', key, state: 'active', document, expiresAt } as const]
  await holdings.change({ chargePointId, at, put })
}

async function reservation(chargePointId: string, key = '12'): Promise<Holding | undefined> {
  return (await holdings.find(chargePointId, 'reservation', [key])).get(key)
}

const startOf = (chargePointId: string, at: number) => ({
  ...{ chargePointId, evseId: 1, connectorId: 1, tokenUid: 'A', meterStartWh: 0 },
  ...{ reservationId: 12, at },
})

t.test('1.6: a transaction that begins with a reservation uses it, once', async (t) => {
  const session = await world.connect('1.6')
  const { id } = session
  await reserve(id, NOW - MINUTE)
  const { transaction } = await services.transactions.start(session, startOf(id, NOW))
  const used = { state: 'used', document: { tokenUid: 'A', transactionId: transaction.id } }
  t.match(await reservation(id), used)
  await services.transactions.start(session, startOf(id, NOW))
  await services.transactions.start(session, startOf(id, NOW + MINUTE))
  t.match(await reservation(id), used, 'another one does not take it over')
  const other = await world.connect('1.6')
  await reserve(other.id, NOW)
  await services.transactions.start(other, { ...startOf(other.id, NOW), reservationId: undefined })
  t.match(await reservation(other.id), { state: 'active' })
})

t.test('2.0.1: so does an event of a transaction', async (t) => {
  const session = await world.connect('2.0.1')
  const { id } = session
  await reserve(id, NOW)
  await services.transactions.record(session, {
    ...{ chargePointId: id, evseId: 1, connectorId: 1, ownId: 'own 1', kind: 'Started' },
    ...{ seqNo: 0, at: NOW, trigger: 'Authorized', isOffline: false, readings: [] },
    reservationId: 12,
  })
  const transactionId = `${id}/own%201`
  t.match(await reservation(id), { state: 'used', document: { transactionId } })
  t.ok(await stores.transactions.find(transactionId))
})

t.test('one that is told of late is of an earlier reservation of the same id', async (t) => {
  const session = await world.connect('1.6')
  const { id } = session
  await reserve(id, NOW - MINUTE)
  await services.transactions.start(session, startOf(id, NOW - 60 * MINUTE))
  t.match(await reservation(id), { state: 'active' })
  await services.transactions.start(session, startOf(id, NOW - 3 * MINUTE))
  t.match(await reservation(id), { state: 'used' }, 'its clock may be slow')
})

t.test('a transaction may be told before the reservation is stored', async (t) => {
  const session = await world.connect('1.6')
  const { id } = session
  const { transaction } = await services.transactions.start(session, startOf(id, NOW))
  await reserve(id, NOW - 1)
  const document = { reservationId: 12, evseId: 1, tokenUid: 'A', transactionId: transaction.id }
  t.match(await reservation(id), { state: 'used', document })
  await reserve(id, NOW + 1)
  t.match(await reservation(id), { state: 'active' }, 'the id is used again')
})

const VARIABLE = { component: { name: 'EVSE', evse: { id: 1 } }, variable: { name: 'Power' } }

t.test('2.0.1: a report is one variable for each attribute', async (t) => {
  const session = await world.connect('2.0.1')
  const report = readReport([
    {
      ...VARIABLE,
      variableAttribute: [
        { value: '11', mutability: 'ReadOnly' },
        { type: 'MaxSet', value: '22' },
      ],
      variableCharacteristics: {
        ...{ unit: 'kW', dataType: 'decimal', maxLimit: 22, supportsMonitoring: true },
      },
    },
    {
      component: { name: 'SecurityCtrlr' },
      variable: { name: 'BasicAuthPassword' },
      variableAttribute: [{ value: 'oops', mutability: 'WriteOnly' }],
    },
  ] as never)
  await services.variables.report(session, report)
  await services.variables.report(session, report)
  const about = { unit: 'kW', dataType: 'decimal', max: 22 }
  const found = await holdings.list({ chargePointId: session.id, kind: 'variable', limit: 9 })
  t.strictSame(
    found.map(({ document }) => document),
    [
      {
        ...{ component: 'SecurityCtrlr', name: 'BasicAuthPassword' },
        ...{ isReadOnly: false, isSecret: true },
      },
      { component: 'EVSE', evseId: 1, name: 'Power', value: '11', isReadOnly: true, ...about },
      { component: 'EVSE', evseId: 1, name: 'Power', attribute: 'max', value: '22', ...about },
    ],
  )
  t.match(events.at(-1), { kind: 'variables', outcome: 'stored', chargePointId: session.id })
})

t.test('a charge point that invents variables is stopped at some number', async (t) => {
  const session = await world.connect('2.0.1')
  const told = (from: number, count: number): ToldVariable[] =>
    Array.from({ length: count }, (_, n) => ({
      ref: { component: 'C', name: `V${from + n}` },
      facts: { value: `${n}` },
    }))
  for (let from = 0; from < 10_000; from += 2500) {
    await services.variables.report(session, told(from, 2500))
  }
  t.match(events.at(-1), { outcome: 'stored' })
  await services.variables.report(session, [...told(9_999, 5), ...told(0, 1)])
  t.match(events.at(-1), { kind: 'variables', outcome: 'too-many' })
  t.equal(await holdings.count(session.id, 'variable'), 10_000)
  const known = await holdings.find(session.id, 'variable', ['v9999/c//0/0//actual'])
  t.match([...known.values()], [{ document: { name: 'V9999', value: '0' } }], 'that one was known')
})
