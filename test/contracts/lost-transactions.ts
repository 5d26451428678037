import type { Test } from 'tap'
import { LOST_AFTER_MS, type MeterReading } from '../../src/domain/charging-transaction.ts'
import type { MakeStores } from './charging-stores.ts'
import { AT, event, PLACE, reading, start, stopOf } from './charging-transactions.ts'

/** Transactions of whose end nobody tells: they don't hold their tokens' places for ever. */
export function lostTransactionsContract(t: Test, make: MakeStores): void {
  const setUp = async (t: Test) => {
    const instance = await make(t)
    const clock = { time: AT }
    const stores = instance({ now: () => clock.time })
    return { clock, ...stores }
  }

  t.test('when another one begins at its EVSE', async (t) => {
    const { transactions } = await setUp(t)
    const first = await transactions.start(start())
    const elsewhere = { tokenUid: 'Other', at: AT + 5 }
    await transactions.start(start({ ...elsewhere, connectorId: 2, evseId: 2 }))
    await transactions.start(start({ ...elsewhere, chargePointId: 'B' }))
    t.match(await transactions.find(first.id), { state: 'running' }, 'those are elsewhere')
    t.equal(await transactions.countOpen('Tag'), 1)
    const next = await transactions.start(start(elsewhere))
    t.match(await transactions.find(first.id), { state: 'lost', stoppedAt: undefined })
    t.equal(await transactions.countOpen('Tag'), 0)
    t.equal(await transactions.countLost(), 1)
    await transactions.start(start(elsewhere))
    await transactions.start(start())
    t.match(await transactions.find(next.id), { state: 'running' }, 'told again, nothing is new')
    const open = await transactions.listOpen('yard/1')
    t.equal(open.length, 2)
    const stop = { ...stopOf(first.number ?? 0), readings: [] }
    t.match(await transactions.stop(stop), { state: 'stopped', meterStopWh: 150 })
    t.equal(await transactions.countLost(), 0)
  })

  t.test('not by one that began before, or was told before', async (t) => {
    const { transactions } = await setUp(t)
    const first = await transactions.start(start({ at: AT + 10 }))
    await transactions.start(start({ at: AT + 5 }))
    await transactions.start(start({ at: 0 }))
    t.match(await transactions.find(first.id), { state: 'running' }, 'a late one, an unset clock')
    const late = await transactions.find(`yard/1/${(first.number ?? 0) + 1}`)
    t.match(late, { state: 'running', startedAt: AT + 5 })
    t.equal(await transactions.countOpen('Tag'), 3)
    await transactions.start(start({ at: AT + 20, tokenUid: 'Next' }))
    t.equal(await transactions.countOpen('Tag'), 0, 'all of them at once')
    t.equal(await transactions.countLost(), 3)
  })

  t.test('OCPP 2.0.1: when its EVSE becomes known', async (t) => {
    const { transactions } = await setUp(t)
    const told = (ownId: string, part: object) => transactions.record(event({ ownId, ...part }))
    await told('one', { tokenUid: 'Tag' })
    await told('two', { at: AT + 10, evseId: 0, connectorId: 0, tokenUid: 'Tag' })
    t.equal(await transactions.countOpen('Tag'), 2)
    await told('two', { kind: 'Updated', seqNo: 1, at: AT + 20 })
    t.match(await transactions.find('yard/1/one'), { state: 'lost' })
    t.match(await transactions.find('yard/1/two'), { state: 'running' })
    t.equal(await transactions.countOpen('Tag'), 1)
    const ended = await told('one', { kind: 'Ended', seqNo: 9, at: AT + 9 })
    t.match(ended, { state: 'stopped', stoppedAt: AT + 9 })
  })

  t.test('when nothing is told of it for long, until something is', async (t) => {
    const { transactions, clock } = await setUp(t)
    const { id, number = 0 } = await transactions.start(start())
    await transactions.record(event({ tokenUid: 'Tag', chargePointId: 'B' }))
    clock.time += LOST_AFTER_MS
    t.equal(await transactions.countOpen('Tag'), 2)
    clock.time += 1
    t.equal(await transactions.countOpen('Tag'), 0)
    t.equal(await transactions.countLost(), 2)
    t.match(await transactions.find(id), { state: 'lost' })
    t.equal((await transactions.list({ isLost: true, limit: 9 })).length, 2)
    t.equal((await transactions.list({ isOpen: true, limit: 9 })).length, 2)
    // Its own clock stands still: ours counts.
    await transactions.addReadings(PLACE, number, [reading(0, 120)])
    t.match(await transactions.find(id), { state: 'running' })
    const updated = event({ kind: 'Updated', seqNo: 1, chargePointId: 'B', at: 0 })
    t.match(await transactions.record(updated), { state: 'running' })
    t.equal(await transactions.countOpen('Tag'), 2)
    clock.time += LOST_AFTER_MS + 1
    t.match(await transactions.start(start()), { state: 'running' }, 'its start, told again')
    const stop = { ...stopOf(number), readings: [] }
    t.match(await transactions.stop(stop), { state: 'stopped', stoppedAt: AT + 60 })
    t.match(await transactions.list({ isLost: true, limit: 9 }), [{ chargePointId: 'B' }])
  })

  t.test('a clock that is ahead does not keep the meter from going on', async (t) => {
    const { transactions, clock } = await setUp(t)
    const at = AT + 1e12
    const { number = 0, id } = await transactions.start(start({ at }))
    const add = (reading: MeterReading) => transactions.addReadings(PLACE, number, [reading])
    const meterIs = async (meterWh: number) => t.match(await transactions.find(id), { meterWh })
    await add(reading(at + 10, 110))
    await meterIs(110)
    clock.time += 10
    await add(reading(clock.time, 120))
    await meterIs(120)
    clock.time += 10
    const ended = event({ kind: 'Updated', at, readings: [reading(at, 500)] })
    t.match(await transactions.record(ended), { meterWh: 500 })
    clock.time += 10
    const later = { ...ended, seqNo: 1, readings: [reading(clock.time, 600)] }
    t.match(await transactions.record(later), { meterWh: 600 })
    const readings = [reading(at + 30, 149)]
    t.match(await transactions.stop({ ...stopOf(number), at: at + 40, readings }), { meterWh: 150 })
    t.match(await transactions.find(id), { startedAt: at, stoppedAt: at + 40 }, 'kept as told')
  })

  t.test('closed by an operator, once; a later stop is its end', async (t) => {
    const { transactions, clock } = await setUp(t)
    const { id, number = 0 } = await transactions.start(start())
    clock.time += 5
    const closed = { state: 'closed', closedAt: AT + 5, closeReason: 'gone', stoppedAt: undefined }
    t.match(await transactions.close(id, 'gone'), closed)
    clock.time += 5
    t.match(await transactions.close(id, 'again'), closed)
    t.equal(await transactions.countOpen('Tag'), 0)
    t.equal(await transactions.countLost(), 0)
    t.strictSame(await transactions.list({ isOpen: true, limit: 9 }), [])
    t.match(await transactions.list({ isOpen: false, limit: 9 }), [{ id }])
    await transactions.addReadings(PLACE, number, [reading(AT + 7, 120)])
    t.match(await transactions.find(id), { ...closed, meterWh: 120 })
    const stopped = { state: 'stopped', stoppedAt: AT + 60, meterStopWh: 150, closedAt: AT + 5 }
    t.match(await transactions.stop({ ...stopOf(number), readings: [] }), stopped)
    t.match(await transactions.close(id, 'late'), { ...stopped, closeReason: 'gone' })
    t.equal(await transactions.close('yard/1/999999', 'none'), undefined)
  })

  t.test('closed, OCPP 2.0.1', async (t) => {
    const { transactions } = await setUp(t)
    const { id } = await transactions.record(event({ tokenUid: 'Tag' }))
    t.match(await transactions.close(id, 'gone'), { state: 'closed' })
    const updated = event({ kind: 'Updated', seqNo: 1, at: AT + 1, readings: [reading(AT + 1, 9)] })
    t.match(await transactions.record(updated), { state: 'closed', meterWh: 9 })
    const ended = event({ kind: 'Ended', seqNo: 2, at: AT + 2 })
    t.match(await transactions.record(ended), { state: 'stopped', stoppedAt: AT + 2 })
  })

  t.test('by its number, of OCPP 1.6 only', async (t) => {
    const { transactions } = await setUp(t)
    const { number = 0, id } = await transactions.start(start())
    await transactions.record(event({}))
    t.match(await transactions.findNumber(number), { id })
    t.equal(await transactions.findNumber(number + 1), undefined)
    t.equal(await transactions.findNumber(-1), undefined)
  })
}
