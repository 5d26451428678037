import type { Test } from 'tap'
import type { MakeTransactions } from './charging-transactions.ts'
import { AT, event, PLACE, reading, start, stopOf } from './charging-transactions.ts'

const HUGE = [2 ** 31, 1e300, -1e300, 2 ** 53]

/**
 * A charge point may send any number that JSON has. Nothing of it may be refused, because it would be
 * told again for ever; nor harm those whose messages share a transaction of the database with it.
 */
export function chargingNumbersContract(t: Test, make: MakeTransactions): void {
  t.test('starts', async (t) => {
    const transactions = (await make(t))()
    const starts = HUGE.flatMap((huge) => [
      start({ evseId: huge, connectorId: huge }),
      start({ reservationId: huge }),
      start({ meterStartWh: huge, tokenUid: 'huge' }),
      start({ meterStartWh: -huge, tokenUid: 'huge' }),
    ])
    const stored = await Promise.all(starts.map((one) => transactions.start(one)))
    t.ok(stored.every(({ number = 0 }) => number > 0))
    const again = await Promise.all(starts.map((one) => transactions.start(one)))
    t.strictSame(
      again.map(({ number }) => number),
      stored.map(({ number }) => number),
    )
  })

  t.test('stops and readings of numbers that none has', async (t) => {
    const transactions = (await make(t))()
    const { number = 0, id } = await transactions.start(start())
    const stops = HUGE.map((huge) => transactions.stop({ ...stopOf(huge), readings: [] }))
    t.strictSame(
      await Promise.all(stops),
      HUGE.map(() => undefined),
    )
    const add = HUGE.map((huge) => transactions.addReadings(PLACE, huge, [reading(AT, huge)]))
    await Promise.all([...add, transactions.addReadings(PLACE, number, [reading(AT + 1, 120)])])
    const kept = await transactions.placeReadings({ chargePointId: 'yard/1', limit: 9 })
    t.equal(kept.length, HUGE.length)
    t.match(await transactions.find(id), { meterWh: 120 })
    t.equal(await transactions.findNumber(2 ** 53), undefined)
    const place = { ...PLACE, evseId: 2 ** 31, connectorId: -(2 ** 31) }
    await transactions.addReadings(place, undefined, [reading(AT, 1)])
    const stop = { ...stopOf(number), meterStopWh: 1e308, readings: [] }
    t.match(await transactions.stop(stop), { meterStopWh: 1e308 })
  })

  t.test('events', async (t) => {
    const transactions = (await make(t))()
    const parts = HUGE.flatMap((huge) => [
      { evseId: huge },
      { connectorId: huge },
      { seqNo: huge },
      { remoteStartId: huge, reservationId: huge },
      { readings: [reading(AT, huge), reading(AT + 1, huge, { unit: 'kWh' })] },
    ])
    const told = await Promise.all(
      parts.map((part, n) => transactions.record(event({ ownId: `own-${n}`, ...part }))),
    )
    t.equal(told.length, parts.length)
    for (const { id, meterWh = 0 } of told) {
      t.ok(Number.isFinite(meterWh))
      t.ok(await transactions.find(id), id)
    }
  })

  t.test(
    'are of transactions, not of what is told of them: 1.6 has 32 bits for them',
    async (t) => {
      const transactions = (await make(t))()
      const { number: first = 0 } = await transactions.start(start())
      for (let seqNo = 0; seqNo < 20; seqNo += 1) await transactions.record(event({ seqNo }))
      await Promise.all(
        [1, 2].map((n) => transactions.record(event({ ownId: `own-${n}`, seqNo: 20 }))),
      )
      const { number = 0 } = await transactions.start(start({ meterStartWh: 7 }))
      // Two of them are of 2.0.1; a third for two that were told at once.
      t.ok(number - first <= 4, `${number - first} numbers for 3 transactions`)
    },
  )

  t.test('what is no register is no meter', async (t) => {
    const transactions = (await make(t))()
    const { number = 0, id } = await transactions.start(start())
    const samples = [
      ...[reading(AT + 1, 1e306), reading(AT + 2, 1e306, { unit: 'kWh' })],
      ...[reading(AT + 3, 5, { unit: 'constructor' }), reading(AT + 4, 5, { unit: 'W' })],
      { at: AT + 5, samples: [{ value: '5' }, { value: 'NaN' }, { value: 'Infinity' }] },
      { at: AT + 6, samples: [{ value: 'OCMF', format: 'SignedData' }] },
      { at: AT + 7, samples: [] },
    ]
    await transactions.addReadings(PLACE, number, samples)
    t.match(await transactions.find(id), { meterWh: 100 })
    t.equal((await transactions.readings({ transactionId: id, limit: 99 })).length, samples.length)
    const withoutUnit = { at: AT + 8, samples: [{ value: 130 }] }
    await transactions.addReadings(PLACE, number, [withoutUnit])
    t.match(await transactions.find(id), { meterWh: 130 }, 'of neither measurand nor unit: Wh')
    await transactions.addReadings(PLACE, number, [reading(AT + 9, 120)])
    t.match(await transactions.find(id), { meterWh: 120 }, 'the newest, also if it went backwards')
  })
}
