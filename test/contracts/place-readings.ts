import type { Test } from 'tap'
import type { PlaceReadingQuery } from '../../src/ports/charging-transactions.ts'
import type { MakeStores } from './charging-stores.ts'
import { AT, PLACE, reading } from './charging-transactions.ts'

/** What meters said outside of transactions. */
export function placeReadingsContract(t: Test, make: MakeStores): void {
  t.test('in order of their times, filtered, page by page', async (t) => {
    const { transactions } = (await make(t))()
    const add = (evseId: number, connectorId: number, ...values: number[]) =>
      transactions.addReadings(
        { ...PLACE, evseId, connectorId },
        undefined,
        values.map((value) => reading(AT + (value % 10), value)),
      )
    await add(1, 1, 11, 12, 21)
    await add(1, 2, 13)
    await add(2, 1, 11, 15)
    await add(1, 1, 11)
    await transactions.addReadings({ ...PLACE, chargePointId: 'B' }, undefined, [reading(AT, 1)])
    const list = async (query: Partial<PlaceReadingQuery>) =>
      transactions.placeReadings({ chargePointId: 'yard/1', limit: 99, ...query })
    const values = async (query: Partial<PlaceReadingQuery>) =>
      (await list(query)).map(({ evseId, samples }) => `${evseId}:${samples[0]?.value}`)
    const all = await values({})
    t.equal(all.length, 6)
    t.strictSame([...all].slice(0, 2).sort(), ['1:11', '1:21'])
    t.strictSame(all.slice(2), ['2:11', '1:12', '1:13', '2:15'])
    t.strictSame(await values({ evseId: 2 }), ['2:11', '2:15'])
    t.strictSame(await values({ evseId: 1, connectorId: 2 }), ['1:13'])
    t.strictSame(await values({ from: AT + 2, before: AT + 5 }), ['1:12', '1:13'])
    const paged: string[] = []
    let after: PlaceReadingQuery['after']
    for (let count = 0; count < 6; count += 1) {
      const [one] = await list({ limit: 1, ...(after && { after }) })
      after = { at: one?.at ?? 0, key: one?.key ?? '' }
      paged.push(`${one?.evseId}:${one?.samples[0]?.value}`)
    }
    t.strictSame(paged, all)
    const max = 2 ** 31 - 1
    await add(max, max, 19)
    const [last] = await list({ evseId: max })
    t.strictSame(await list({ after: { at: last?.at ?? 0, key: last?.key ?? '' } }), [])
    for (const key of ['9999999999/1/a', '', 'x', '9/9', '1/1/', '99999999999/1/a']) {
      t.ok(await list({ after: { at: AT + 1, key } }), `a cursor of nobody: ${key}`)
    }
  })
}
