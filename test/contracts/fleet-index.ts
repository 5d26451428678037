import type { Test } from 'tap'
import type { FleetChange, FleetIndex } from '../../src/ports/fleet-index.ts'
import type { WriteReport } from '../../src/ports/write-report.ts'
import { documentContract } from './fleet-index-documents.ts'
import { historyContract } from './fleet-index-history.ts'
import { queryContract } from './fleet-index-queries.ts'
import { writeContract } from './fleet-index-writes.ts'

export interface IndexUnderTest {
  /** Open and empty. */
  readonly index: FleetIndex
  /** For engines whose writes are found only after a refresh. */
  readonly settle?: () => Promise<void>
}

/** Makes one for each test; closes and removes it when that test is over. */
export type MakeIndex = (t: Test) => Promise<IndexUnderTest>

export interface Subject {
  readonly index: FleetIndex
  /** What was written is found from now on. */
  settle(): Promise<void>
  /** Writes and settles; fails the test unless every change is accepted. */
  write(...changes: FleetChange[]): Promise<WriteReport>
}

/** What every fleet index must do, through the port only. */
export function fleetIndexContract(t: Test, makeIndex: MakeIndex): void {
  const subject = async (t: Test): Promise<Subject> => {
    const { index, settle } = await makeIndex(t)
    return {
      index,
      settle: async () => settle?.(),
      async write(...changes) {
        const report = await index.write(changes)
        await settle?.()
        t.strictSame(report.rejected, [], 'nothing is rejected')
        t.strictSame(report.retry, [], 'nothing is left for later')
        t.equal(report.accepted, changes.length, 'all are accepted')
        return report
      },
    }
  }
  t.test('writes', async (t) => writeContract(t, subject))
  t.test('documents', async (t) => documentContract(t, subject))
  t.test('queries', async (t) => queryContract(t, subject))
  t.test('histories', async (t) => historyContract(t, subject))
}
