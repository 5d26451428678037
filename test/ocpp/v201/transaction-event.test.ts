import fc from 'fast-check'
import t from 'tap'
import type { ChargingTransaction } from '../../../src/domain/charging-transaction.ts'
import { createWorld, faultOf, NOW } from './station.ts'

const world = await createWorld(t)
const TOKEN = { idToken: 'OWNER', type: 'ISO14443' }
await world.putToken('OWNER', { groupId: 'FAMILY', concurrentMax: 1000 })
await world.putToken('SPOUSE', { groupId: 'FAMILY', concurrentMax: 1000 })
await world.putToken('BLOCKED', { isBlocked: true })

const time = (seconds: number) => new Date(NOW + seconds * 1000).toISOString()
const wh = (value: number, context: string) => ({
  value,
  context,
  measurand: 'Energy.Active.Import.Register',
})

/** A session as a station tells it, with a little of everything. */
const session = (transactionId: string) => {
  const transactionInfo = { transactionId }
  return [
    {
      eventType: 'Started',
      timestamp: time(0),
      seqNo: 0,
      triggerReason: 'Authorized',
      transactionInfo: { transactionId, remoteStartId: 17 },
      idToken: TOKEN,
      reservationId: 4,
    },
    {
      eventType: 'Updated',
      timestamp: time(10),
      seqNo: 1,
      triggerReason: 'CablePluggedIn',
      transactionInfo: { transactionId, chargingState: 'EVConnected' },
      evse: { id: 2, connectorId: 1 },
      meterValue: [{ timestamp: time(10), sampledValue: [wh(1000, 'Transaction.Begin')] }],
    },
    {
      eventType: 'Updated',
      timestamp: time(60),
      seqNo: 2,
      triggerReason: 'MeterValuePeriodic',
      transactionInfo: { transactionId, chargingState: 'Charging' },
      offline: true,
      meterValue: [{ timestamp: time(60), sampledValue: [wh(1200, 'Sample.Periodic')] }],
    },
    {
      eventType: 'Updated',
      timestamp: time(90),
      seqNo: 3,
      triggerReason: 'StopAuthorized',
      transactionInfo,
      idToken: { idToken: 'SPOUSE', type: 'ISO14443' },
    },
    {
      eventType: 'Ended',
      timestamp: time(100),
      seqNo: 4,
      triggerReason: 'EVDeparted',
      transactionInfo: { transactionId, chargingState: 'Idle', stoppedReason: 'EVDisconnected' },
      meterValue: [{ timestamp: time(100), sampledValue: [wh(1500, 'Transaction.End')] }],
    },
  ]
}

const SESSION: Partial<ChargingTransaction> = {
  evseId: 2,
  connectorId: 1,
  tokenUid: 'OWNER',
  tokenGroupId: 'FAMILY',
  startedAt: NOW,
  stoppedAt: NOW + 100_000,
  stopReason: 'EVDisconnected',
  meterStartWh: 1000,
  meterStopWh: 1500,
  meterWh: 1500,
  chargingState: 'Idle',
  remoteStartId: 17,
  reservationId: 4,
  wasOffline: true,
}

const started = {
  eventType: 'Started',
  timestamp: time(0),
  seqNo: 0,
  triggerReason: 'CablePluggedIn',
  transactionInfo: { transactionId: 'TX-1' },
}

t.test('2.0.1 TransactionEvent: only an event with a token is told what it is worth', async (t) => {
  const station = await world.station()
  t.same(await station.call('TransactionEvent', started), {})
  const authorized = { ...started, seqNo: 1, eventType: 'Updated', triggerReason: 'Authorized' }
  const worth = (idToken: string, type = 'ISO14443') =>
    station.call('TransactionEvent', { ...authorized, idToken: { idToken, type } })
  t.match(await worth('OWNER'), {
    idTokenInfo: { status: 'Accepted', groupIdToken: { idToken: 'FAMILY', type: 'Central' } },
  })
  t.match(await worth('BLOCKED'), { idTokenInfo: { status: 'Blocked' } })
  t.same(await worth('NOBODY'), { idTokenInfo: { status: 'Unknown' } })
  t.same(await worth('', 'NoAuthorization'), { idTokenInfo: { status: 'Accepted' } })
  t.same(await worth('made-for-a-remote-start', 'Central'), { idTokenInfo: { status: 'Accepted' } })
})

t.test(
  '2.0.1 TransactionEvent: a transaction that nobody was allowed to start is kept',
  async (t) => {
    const station = await world.station()
    const event = {
      ...started,
      triggerReason: 'Authorized',
      idToken: { ...TOKEN, idToken: 'BLOCKED' },
    }
    t.match(await station.call('TransactionEvent', event), { idTokenInfo: { status: 'Blocked' } })
    t.match(await world.stores.transactions.find(`${station.id}/TX-1`), {
      tokenUid: 'BLOCKED',
      startedAt: NOW,
    })
  },
)

t.test('2.0.1 TransactionEvent: a button is no token', async (t) => {
  const station = await world.station()
  await station.call('TransactionEvent', {
    ...started,
    idToken: { idToken: '', type: 'NoAuthorization' },
  })
  const transaction = await world.stores.transactions.find(`${station.id}/TX-1`)
  t.ok(transaction)
  t.equal(transaction?.tokenUid, undefined)
})

t.test('2.0.1 TransactionEvent: a second transaction of a token that may have one', async (t) => {
  const station = await world.station()
  await world.putToken('SINGLE')
  const start = (transactionId: string) => ({
    ...started,
    transactionInfo: { transactionId },
    idToken: { idToken: 'SINGLE', type: 'ISO14443' },
  })
  const accepted = { idTokenInfo: { status: 'Accepted' } }
  t.match(await station.call('TransactionEvent', start('TX-1')), accepted)
  t.match(await station.call('TransactionEvent', start('TX-1')), accepted, 'told again')
  t.match(await station.call('TransactionEvent', start('TX-2')), {
    idTokenInfo: { status: 'ConcurrentTx' },
  })
})

t.test('2.0.1 TransactionEvent: what it tells beside is kept as a record, once', async (t) => {
  const station = await world.station()
  const event = {
    ...started,
    numberOfPhasesUsed: 3,
    cableMaxCurrent: 32,
    transactionInfo: { transactionId: 'TX-1', timeSpentCharging: 0 },
  }
  await station.call('TransactionEvent', event)
  await station.call('TransactionEvent', event)
  const document = {
    transactionId: 'TX-1',
    eventType: 'Started',
    seqNo: 0,
    numberOfPhasesUsed: 3,
    cableMaxCurrent: 32,
    timeSpentCharging: 0,
  }
  const records = await station.records('transaction-detail')
  t.same(
    records.map(({ at, document }) => ({ at, document })),
    [{ at: NOW, document }],
  )
})

t.test('2.0.1 TransactionEvent: bad input is for the schema to refuse', async (t) => {
  const { transactionInfo: _, ...rest } = started
  t.match(faultOf('Request', 'TransactionEvent', rest), /^occurrence/)
  t.match(faultOf('Request', 'TransactionEvent', { ...started, eventType: 'Begun' }), /^property/)
  t.match(faultOf('Request', 'TransactionEvent', { ...started, seqNo: '1' }), /^type/)
  t.match(faultOf('Request', 'TransactionEvent', { ...started, meterValue: [] }), /^occurrence/)
})

t.test(
  '2.0.1 TransactionEvent: in any order, each any number of times, it is the same',
  async (t) => {
    const length = session('').length
    const order = fc.array(fc.nat(length - 1), { maxLength: 6 }).chain((repeats) => {
      const all = [...Array(length).keys(), ...repeats]
      return fc.shuffledSubarray(all, { minLength: all.length })
    })
    await fc.assert(
      fc.asyncProperty(order, async (order) => {
        const station = await world.station()
        const events = session('TX-1')
        for (const index of order) {
          await station.call('TransactionEvent', events[index] ?? {})
        }
        const id = `${station.id}/TX-1`
        const transaction = await world.stores.transactions.find(id)
        t.match(transaction, SESSION, `in the order ${order}`)
        const readings = await world.stores.transactions.readings({ transactionId: id, limit: 10 })
        t.same(
          readings.map(({ at }) => at),
          [NOW + 10_000, NOW + 60_000, NOW + 100_000],
        )
      }),
      { numRuns: 100, seed: 201 },
    )
  },
)

t.test('2.0.1 TransactionEvent: all at once, as after a long time offline', async (t) => {
  const station = await world.station()
  const ids = [...Array(20).keys()].map((index) => `TX-${index}`)
  const events = ids.flatMap(session).toReversed()
  await Promise.all(events.map((event) => station.call('TransactionEvent', event)))
  for (const id of ids) {
    t.match(await world.stores.transactions.find(`${station.id}/${id}`), SESSION)
  }
})

t.test(
  '2.0.1 TransactionEvent: a clock that was never set starts a transaction at 0',
  async (t) => {
    const station = await world.station()
    await station.call('TransactionEvent', { ...started, timestamp: '0001-01-01T00:00:00Z' })
    t.equal((await world.stores.transactions.find(`${station.id}/TX-1`))?.startedAt, 0)
  },
)
