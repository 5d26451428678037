import type { Test } from 'tap'
import type { ChargingRecord, ChargingRecords } from '../../src/ports/charging-records.ts'

/** What every store of records must do, through the port only. */
export function chargingRecordsContract(
  t: Test,
  make: (t: Test) => Promise<ChargingRecords>,
): void {
  const record = (key: string, part: Partial<ChargingRecord> = {}): ChargingRecord => ({
    ...{ chargePointId: 'A', kind: 'security-event', at: 1_790_000_000_000, key },
    ...{ document: { type: 'FirmwareUpdated', of: [1, null, { a: 'ü"\\' }] }, ...part },
  })

  t.test('told again is kept once, as it was first', async (t) => {
    const records = await make(t)
    await Promise.all([records.add(record('a')), records.add(record('a'))])
    await records.add(record('a', { document: {} }))
    t.match(await records.list({ chargePointId: 'A', limit: 9 }), [record('a')])
  })

  t.test('newest first, by kind, page by page', async (t) => {
    const records = await make(t)
    const at = record('').at
    await Promise.all([
      records.add(record('b', { at: at + 1 })),
      records.add(record('a', { at: at + 1, kind: 'orphan' })),
      records.add(record('c')),
      records.add(record('a')),
      records.add(record('a', { chargePointId: 'B' })),
    ])
    const list = async (query: Omit<Parameters<ChargingRecords['list']>[0], 'chargePointId'>) =>
      (await records.list({ chargePointId: 'A', ...query })).map(
        ({ key, kind }) => `${key} ${kind}`,
      )
    const all = ['b security-event', 'a orphan', 'c security-event', 'a security-event']
    t.strictSame(await list({ limit: 9 }), all)
    t.strictSame(await list({ limit: 2 }), all.slice(0, 2))
    t.strictSame(await list({ limit: 9, before: { at: at + 1, key: 'a' } }), all.slice(2))
    t.strictSame(await list({ limit: 9, kind: 'orphan' }), ['a orphan'])
  })
}
