import type { Test } from 'tap'
import type {
  MeterReading,
  TransactionEvent,
  TransactionStart,
} from '../../src/domain/charging-transaction.ts'
import type { ChargingTransactions } from '../../src/ports/charging-transactions.ts'

export const AT = 1_790_000_000_000
export const PLACE = { chargePointId: 'yard/1', evseId: 1, connectorId: 1 }

/** One more instance on the same place each time. */
export type MakeTransactions = (t: Test) => Promise<() => ChargingTransactions>

/** What every store of transactions must do, through the port only. */
export function chargingTransactionsContract(t: Test, make: MakeTransactions): void {
  t.test('OCPP 1.6', async (t) => startStopContract(t, make))
  t.test('readings', async (t) => readingsContract(t, make))
  t.test('OCPP 2.0.1', async (t) => eventsContract(t, make))
  t.test('queries', async (t) => queriesContract(t, make))
}

function startStopContract(t: Test, make: MakeTransactions): void {
  t.test('the same start has the same number, others have others', async (t) => {
    const instance = await make(t)
    const transactions = instance()
    const first = await transactions.start(start())
    const number = first.number ?? 0
    t.ok(Number.isInteger(number) && number >= 1 && number <= 2 ** 31 - 1)
    t.match(first, {
      ...{ id: `yard/1/${number}`, ...PLACE, tokenUid: 'Tag', startedAt: AT, meterStartWh: 100 },
      ...{ meterWh: 100, stoppedAt: undefined, wasOffline: false, ownId: undefined },
    })
    await transactions.stop({ ...stopOf(number), readings: [] })
    const again = { tokenUid: 'tAG', tokenGroupId: 'other', reservationId: 3 }
    t.equal((await instance().start(start(again))).number, number, 'after its end, elsewhere')
    const others = await Promise.all(
      [
        ...[start({ at: AT + 1 }), start({ meterStartWh: 101 }), start({ connectorId: 2 })],
        ...[start({ evseId: 2 }), start({ tokenUid: 'Tag2' }), start({ chargePointId: 'yard' })],
      ].map((other) => transactions.start(other)),
    )
    t.equal(new Set([number, ...others.map((other) => other.number)]).size, 7)
  })

  t.test('told many times, by several instances at once', async (t) => {
    const instance = await make(t)
    const instances = [instance(), instance()]
    const starts = Array.from({ length: 1000 }, (_, n) => start({ meterStartWh: n % 100 }))
    const stored = await Promise.all(starts.map((one, n) => instances[n % 2]?.start(one)))
    const numbers = new Map(stored.map((one) => [one?.meterStartWh, one?.number]))
    t.ok(stored.every((one) => numbers.get(one?.meterStartWh) === one?.number))
    t.equal(new Set(numbers.values()).size, 100)
    t.equal((await instances[0]?.listOpen('yard/1'))?.length, 100)
  })

  t.test('the first stop counts', async (t) => {
    const transactions = (await make(t))()
    const { number = 0 } = await transactions.start(start())
    const readings = [reading(AT + 50, 140)]
    const stop = { ...stopOf(number), readings, reason: 'EVDisconnected' }
    const stopped = { stoppedAt: AT + 60, meterStopWh: 150, meterWh: 150, stopReason: stop.reason }
    t.match(await transactions.stop(stop), stopped)
    const other = { ...stopOf(number), at: AT + 70, meterStopWh: 999, readings: [reading(AT, 1)] }
    const results = await Promise.all([transactions.stop(other), transactions.stop(stop)])
    t.match(results, [stopped, stopped])
    const id = `yard/1/${number}`
    t.match(await transactions.find(id), stopped)
    t.match(await transactions.readings({ transactionId: id, limit: 9 }), readings)
    t.strictSame(await transactions.listOpen('yard/1'), [])
  })

  t.test('a stop of what is not its own leaves nothing behind', async (t) => {
    const transactions = (await make(t))()
    const { number = 0 } = await transactions.start(start())
    const readings = [reading(AT, 1)]
    const unknown = { ...stopOf(number + 1), readings }
    const foreign = { ...stopOf(number), chargePointId: 'other', readings }
    const stops = [unknown, foreign, { ...stopOf(-1), readings }]
    const results = await Promise.all(stops.map((stop) => transactions.stop(stop)))
    t.strictSame(results, [undefined, undefined, undefined])
    t.match(await transactions.find(`yard/1/${number}`), { stoppedAt: undefined })
  })
}

function readingsContract(t: Test, make: MakeTransactions): void {
  t.test('told again they are stored once; the newest register is the meter', async (t) => {
    const transactions = (await make(t))()
    const { number = 0, id } = await transactions.start(start())
    const newer = reading(AT + 20, 0.5, { unit: 'kWh' })
    const older = reading(AT + 10, 300)
    const add = (readings: MeterReading[]) => transactions.addReadings(PLACE, number, readings)
    await Promise.all([add([newer]), add([older]), add([newer, older])])
    await add([older])
    t.match(await transactions.find(id), { meterWh: 500 })
    t.match(await transactions.readings({ transactionId: id, limit: 9 }), [older, newer])
    const sameTime = reading(AT + 20, 16, { measurand: 'Current.Import', unit: 'A' })
    const ofPhase = reading(AT + 30, 9, { phase: 'L1' })
    const signed = { at: AT + 40, samples: [{ value: 'OCMF|{…}', format: 'SignedData' }] }
    await add([sameTime, ofPhase, signed])
    t.equal((await transactions.readings({ transactionId: id, limit: 9 })).length, 5)
    t.match(await transactions.find(id), { meterWh: 500 })
  })

  t.test('pages also part what is of one moment', async (t) => {
    const transactions = (await make(t))()
    const { number, id } = await transactions.start(start())
    const all = [1, 2, 3].flatMap((n) => [reading(AT + n, 1), reading(AT + n, 2)])
    await transactions.addReadings(PLACE, number, all)
    const whole = await transactions.readings({ transactionId: id, limit: 9 })
    t.equal(whole.length, 6)
    const page = await transactions.readings({ transactionId: id, limit: 3 })
    const { at = 0, key = '' } = page.at(-1) ?? {}
    t.equal(at, AT + 2)
    const rest = { transactionId: id, limit: 9, after: { at, key } }
    t.strictSame([...page, ...(await transactions.readings(rest))], whole)
  })

  t.test('of no transaction, or of one that is not its own: kept, and nobody else’s', async (t) => {
    const transactions = (await make(t))()
    const { number = 0, id } = await transactions.start(start())
    const elsewhere = { ...PLACE, chargePointId: 'other' }
    const readings = [reading(AT + 5, 7)]
    await transactions.addReadings(elsewhere, number, readings)
    await transactions.addReadings(PLACE, undefined, readings)
    await transactions.addReadings(PLACE, -1, readings)
    await transactions.addReadings(PLACE, number + 1, readings)
    await transactions.addReadings(PLACE, number, [])
    t.strictSame(await transactions.readings({ transactionId: id, limit: 9 }), [])
    t.match(await transactions.find(id), { meterWh: 100 })
  })

  t.test('thousands at once, of many transactions', async (t) => {
    const transactions = (await make(t))()
    const started = await Promise.all(
      Array.from({ length: 40 }, (_, n) => transactions.start(start({ meterStartWh: n }))),
    )
    const calls = Array.from({ length: 4000 }, (_, n) =>
      transactions.addReadings(PLACE, started[n % 40]?.number, [reading(AT + n, n)]),
    )
    await Promise.all(calls)
    for (const [n, { id }] of started.entries()) {
      t.equal((await transactions.readings({ transactionId: id, limit: 999 })).length, 100)
      t.match(await transactions.find(id), { meterWh: 3960 + n })
    }
  })
}

function eventsContract(t: Test, make: MakeTransactions): void {
  t.test('a transaction is what its events say', async (t) => {
    const transactions = (await make(t))()
    const begin = reading(AT, 1000, { context: 'Transaction.Begin' })
    await transactions.record(event({ tokenUid: 'Tag', tokenGroupId: 'G', readings: [begin] }))
    const updated = event({ kind: 'Updated', seqNo: 1, at: AT + 10, chargingState: 'Charging' })
    t.match(await transactions.record({ ...updated, remoteStartId: 7, isOffline: true }), {
      ...{ id: 'yard/1/own-1', ownId: 'own-1', number: undefined, chargingState: 'Charging' },
      ...{ startedAt: AT, meterStartWh: 1000, remoteStartId: 7, wasOffline: true },
    })
    const end = reading(AT + 20, 1.5, { unit: 'kWh', context: 'Transaction.End' })
    const ended = event({ kind: 'Ended', seqNo: 2, at: AT + 20, stopReason: 'Local' })
    const last = { ...ended, tokenUid: 'Other', readings: [end] }
    const expected = {
      ...{ stoppedAt: AT + 20, stopReason: 'Local', meterStopWh: 1500, meterWh: 1500 },
      ...{ tokenUid: 'Tag', tokenGroupId: 'G', chargingState: 'Charging' },
    }
    t.match(await transactions.record(last), expected)
    t.match(await transactions.find('yard/1/own-1'), expected)
    const stored = await transactions.readings({ transactionId: 'yard/1/own-1', limit: 9 })
    t.match(stored, [begin, end])
    t.strictSame(await transactions.listOpen('yard/1'), [])
  })

  t.test('its end alone is a transaction, too', async (t) => {
    const transactions = (await make(t))()
    const stored = await transactions.record(event({ kind: 'Ended', at: AT + 20, seqNo: 9 }))
    t.match(stored, { startedAt: AT + 20, stoppedAt: AT + 20 })
    const started = await transactions.record(event({ evseId: 2, connectorId: 1 }))
    t.match(started, { startedAt: AT, stoppedAt: AT + 20, evseId: 2 })
  })

  t.test('no number of 1.6 reaches one of 2.0.1', async (t) => {
    const transactions = (await make(t))()
    const { id } = await transactions.record(event({}))
    const numbers = Array.from({ length: 50 }, (_, n) => n + 1)
    for (const number of numbers) {
      t.equal(await transactions.stop({ ...stopOf(number), readings: [] }), undefined)
      await transactions.addReadings(PLACE, number, [reading(AT, 1)])
    }
    t.match(await transactions.find(id), { stoppedAt: undefined, meterWh: undefined })
  })
}

function queriesContract(t: Test, make: MakeTransactions): void {
  t.test('open ones of a token and of a charge point', async (t) => {
    const transactions = (await make(t))()
    const first = await transactions.start(start())
    await transactions.start(start({ chargePointId: 'B', tokenUid: 'TAG' }))
    await transactions.record(event({ chargePointId: 'B', tokenUid: 'tag' }))
    const counts = () => Promise.all(['tAg', 'other'].map((uid) => transactions.countOpen(uid)))
    t.strictSame(await counts(), [3, 0])
    await transactions.stop({ ...stopOf(first.number ?? 0), readings: [] })
    t.strictSame(await counts(), [2, 0])
    const open = await Promise.all(['yard/1', 'B', 'C'].map((id) => transactions.listOpen(id)))
    t.strictSame(
      open.map((some) => some.length),
      [0, 2, 0],
    )
  })

  t.test('newest first, filtered, page by page', async (t) => {
    const transactions = (await make(t))()
    for (const n of [1, 2, 3, 4, 5]) {
      // Of the last three two began at the same time.
      const at = AT + Math.min(n, 4)
      const chargePointId = n === 2 ? 'B' : 'A'
      await transactions.start(start({ at, chargePointId, meterStartWh: n, tokenUid: `t${n % 2}` }))
    }
    const list = async (query: Partial<Parameters<ChargingTransactions['list']>[0]>) =>
      (await transactions.list({ limit: 99, ...query })).map(({ meterStartWh }) => meterStartWh)
    t.strictSame(await list({}), [5, 4, 3, 2, 1])
    t.strictSame(await list({ chargePointId: 'A', tokenUid: 'T1' }), [5, 3, 1])
    t.strictSame(await list({ startedFrom: AT + 2, startedBefore: AT + 4 }), [3, 2])
    const [last] = await transactions.list({ limit: 1 })
    const after = { startedAt: last?.startedAt ?? 0, id: last?.id ?? '' }
    t.strictSame(await list({ after, limit: 2 }), [4, 3])
    await transactions.stop({ ...stopOf(last?.number ?? 0), chargePointId: 'A', readings: [] })
    t.strictSame(await list({ isOpen: false }), [5])
    t.strictSame(await list({ isOpen: true, limit: 2 }), [4, 3])
  })

  t.test('what is asked for and is not there', async (t) => {
    const transactions = (await make(t))()
    const ids = ['', '/', 'a', 'yard/1/', 'yard/1/99999999999', 'yard/1/1.5', 'a/\0']
    for (const id of ids) {
      t.equal(await transactions.find(id), undefined, id)
      t.strictSame(await transactions.readings({ transactionId: id, limit: 9 }), [])
    }
  })
}

export function start(part: Partial<TransactionStart> = {}): TransactionStart {
  return { ...PLACE, tokenUid: 'Tag', at: AT, meterStartWh: 100, ...part }
}

export function stopOf(number: number) {
  return { chargePointId: 'yard/1', number, at: AT + 60, meterStopWh: 150 }
}

export function reading(at: number, value: number, part: object = {}): MeterReading {
  return { at, samples: [{ value, measurand: 'Energy.Active.Import.Register', ...part }] }
}

export function event(part: Partial<TransactionEvent>): TransactionEvent {
  return {
    ...{ ...PLACE, ownId: 'own-1', kind: 'Started', seqNo: 0, at: AT, trigger: 'Authorized' },
    ...{ isOffline: false, readings: [], ...part },
  }
}
