import type { Test } from 'tap'
import type { ChargingCommand } from '../../src/domain/charging-command.ts'
import type { ChargingData, ChargingRetention } from '../../src/ports/charging-retention.ts'
import type { MakeStores } from './charging-stores.ts'
import { AT, event, PLACE, reading, start, stopOf } from './charging-transactions.ts'

/** What is dropped some day, and what never. */
export function chargingRetentionContract(t: Test, make: MakeStores): void {
  const setUp = async (t: Test) => {
    const instance = await make(t)
    const clock = { time: AT }
    const stores = instance({ now: () => clock.time })
    const drop = (data: ChargingData, before = AT) => dropAll(stores.retention, data, before)
    return { clock, drop, ...stores }
  }

  t.test('what was stored before, whatever its own time is', async (t) => {
    const { clock, drop, transactions, records, chargePoints } = await setUp(t)
    const tell = async (key: string, at: number) => {
      const readings = [reading(at, 1)]
      await transactions.addReadings({ ...PLACE, chargePointId: key }, undefined, readings)
      const record = { kind: 'security-event', at, key, document: {} } as const
      await records.add({ ...record, chargePointId: key })
      await chargePoints.reportStatus({ ...PLACE, chargePointId: key, state: 'Available', at })
    }
    clock.time = AT - 1
    await tell('old', AT + 1_000_000)
    clock.time = AT
    await tell('new', 0)
    const left = async (chargePointId: string) => [
      (await transactions.placeReadings({ chargePointId, limit: 9 })).length,
      (await records.list({ chargePointId, limit: 9 })).length,
      (await chargePoints.statusHistory({ chargePointId, limit: 9 })).length,
    ]
    for (const data of ['place-readings', 'records', 'statuses'] as const) {
      t.equal(await drop(data), 1, data)
      t.equal(await drop(data), 0, data)
    }
    t.strictSame(await left('old'), [0, 0, 0])
    t.strictSame(await left('new'), [1, 1, 1])
    t.equal((await chargePoints.connectors('old')).length, 1, 'how it is now')
  })

  t.test('readings go after the end of their transaction', async (t) => {
    const { clock, drop, transactions } = await setUp(t)
    clock.time = AT - 10
    const readings = [reading(AT, 110), reading(AT + 1, 120)]
    const begin = async (chargePointId: string) => {
      const { number = 0 } = await transactions.start(start({ chargePointId }))
      await transactions.addReadings({ ...PLACE, chargePointId }, number, readings)
      return number
    }
    const open = await begin('open')
    const stopped = await begin('stopped')
    const closed = await begin('closed')
    const late = await begin('late')
    await transactions.stop({ ...stopOf(stopped), chargePointId: 'stopped', readings: [] })
    await transactions.close(`closed/${closed}`, 'gone')
    await transactions.record(event({ chargePointId: 'own', readings }))
    const end = event({ chargePointId: 'own', kind: 'Ended', seqNo: 1, at: AT + 5 })
    await transactions.record(end)
    clock.time = AT
    await transactions.stop({ ...stopOf(late), chargePointId: 'late', readings: [] })
    const left = async (id: string) =>
      (await transactions.readings({ transactionId: id, limit: 9 })).length
    t.equal(await drop('readings'), 6)
    const ids = [`open/${open}`, `late/${late}`, `stopped/${stopped}`, `closed/${closed}`]
    t.strictSame(await Promise.all([...ids, 'own/own-1'].map(left)), [2, 2, 0, 0, 0])
    t.match(await transactions.find(`stopped/${stopped}`), { meterStopWh: 150 }, 'it stays')
    // The real stop of a closed one comes with readings of its own.
    await transactions.stop({ ...stopOf(closed), chargePointId: 'closed', readings })
    t.equal(await drop('readings'), 0)
    t.equal(await drop('readings', AT + 1), 4, 'of the two that were stopped now')
    const { id } = await transactions.record(event({ chargePointId: 'closed' }))
    await transactions.close(id, 'gone')
    clock.time = AT + 10
    await transactions.record({ ...end, chargePointId: 'closed', readings })
    t.equal(await drop('readings', AT + 1), 0, 'from its stop, not from its closing')
    t.equal(await drop('readings', AT + 11), 2)
  })

  t.test('transactions go when their readings are gone', async (t) => {
    const { clock, drop, transactions } = await setUp(t)
    clock.time = AT - 10
    const { number = 0, id } = await transactions.start(start())
    const open = await transactions.start(start({ chargePointId: 'open' }))
    await transactions.stop({ ...stopOf(number), readings: [reading(AT, 110)] })
    t.equal(await drop('transactions'), 0)
    t.equal(await drop('readings'), 1)
    t.equal(await drop('transactions'), 1)
    t.equal(await transactions.find(id), undefined)
    t.match(await transactions.find(open.id), { state: 'running' })
    t.notMatch(await transactions.start(start()), { number }, 'no number is used twice')
  })

  t.test('thousands, step by step', async (t) => {
    const { clock, drop, retention, transactions } = await setUp(t)
    clock.time = AT - 10
    const many = Array.from({ length: 2500 }, (_, n) => reading(AT + n, n))
    await transactions.addReadings(PLACE, undefined, many)
    const { number = 0 } = await transactions.start(start())
    await transactions.stop({ ...stopOf(number), readings: many })
    const others = Array.from({ length: 250 }, async (_, n) => {
      const { number = 0 } = await transactions.start(start({ meterStartWh: n, at: AT + n }))
      await transactions.stop({ ...stopOf(number), readings: [] })
    })
    await Promise.all(others)
    const first = await retention.dropStep('place-readings', AT)
    t.strictSame(first, { dropped: 1000, isDone: false })
    t.equal(await drop('place-readings'), 1500)
    t.strictSame(await retention.dropStep('readings', AT), { dropped: 1000, isDone: false })
    t.equal(await drop('readings'), 1500)
    t.equal(await drop('transactions'), 251)
  })

  t.test('commands that have ended', async (t) => {
    const { drop, commands } = await setUp(t)
    const command: Omit<ChargingCommand, 'id'> = {
      ...{ chargePointId: 'A', kind: 'reset', parameters: {}, attemptsLeft: 0 },
      ...{ state: 'queued', createdAt: 0, expiresAt: AT * 2 },
    }
    for (const id of ['queued', 'old', 'new']) await commands.enqueue({ ...command, id })
    await commands.cancel('old', AT - 1)
    await commands.cancel('new', AT)
    t.equal(await drop('commands'), 1)
    const left = await commands.list({ limit: 9 })
    t.strictSame(left.map(({ id }) => id).toSorted(), ['new', 'queued'])
  })
}

async function dropAll(
  retention: ChargingRetention,
  data: ChargingData,
  before: number,
): Promise<number> {
  let total = 0
  for (;;) {
    const { dropped, isDone } = await retention.dropStep(data, before)
    total += dropped
    if (isDone) return total
  }
}
