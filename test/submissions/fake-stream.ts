import type { EventStream, StreamLimits, StreamRecord } from '../../src/ports/event-stream.ts'
import type { WriteReport } from '../../src/ports/write-report.ts'

/** What becomes of each record of a call; `lost`: it is stored, but the call gets no answer. */
export type Fate = 'stored' | 'retry' | 'rejected'
export type CallFate = 'fails' | 'lost' | readonly Fate[]

/** By what fails in one call of five; each is to be made with a source of numbers from 0 to 1. */
export const FAULTS: Readonly<
  Record<string, (random: () => number) => (call: readonly unknown[]) => CallFate>
> = {
  'whole calls': (random) => (call) => (random() < 0.2 ? 'fails' : call.map((): Fate => 'stored')),
  'random records': (random) => (call) =>
    call.map((): Fate => (random() < 0.2 ? 'retry' : 'stored')),
  'answers lost': (random) => (call) => (random() < 0.2 ? 'lost' : call.map((): Fate => 'stored')),
  'every record of a call': (random) => (call) => {
    const fate = random() < 0.2 ? 'retry' : 'stored'
    return call.map((): Fate => fate)
  },
}

export interface FakeStream extends EventStream {
  readonly stored: StreamRecord[]
  readonly calls: (readonly StreamRecord[])[]
}

const LIMITS: StreamLimits = { recordsMax: 500, bytesMax: 5_000_000, recordBytesMax: 1_000_000 }

/** A stream in memory that does as it is told; each call takes a turn of the event loop. */
export function createFakeStream(
  decide: (records: readonly StreamRecord[]) => CallFate = (records) => records.map(() => 'stored'),
  { limits = {}, partitions = 2 }: { limits?: Partial<StreamLimits>; partitions?: number } = {},
): FakeStream {
  const stored: StreamRecord[] = []
  const calls: (readonly StreamRecord[])[] = []
  return {
    ...{ stored, calls, limits: { ...LIMITS, ...limits } },
    open: async () => undefined,
    close: async () => undefined,
    problems: () => [],
    partitionOf: (key) => String(key.charCodeAt(0) % partitions),
    async append(records): Promise<WriteReport> {
      calls.push(records)
      const fate = decide(records)
      await new Promise(setImmediate)
      if (fate === 'fails') throw new Error('connection refused')
      if (fate === 'lost') {
        stored.push(...records)
        throw new Error('socket hang up')
      }
      const named = (wanted: Fate) => [...records.keys()].filter((index) => fate[index] === wanted)
      stored.push(...named('stored').map((index) => records[index] as StreamRecord))
      return {
        accepted: named('stored').length,
        duplicates: [],
        rejected: named('rejected').map((index) => ({ index, reason: 'poison' })),
        retry: named('retry'),
        retryReason: 'Rate exceeded',
      }
    },
  }
}
