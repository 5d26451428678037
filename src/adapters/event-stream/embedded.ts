import { mkdir } from 'node:fs/promises'
import type { EmbeddedEventStreamConfig } from '../../config/adapters.ts'
import { WorkerClient } from '../../lib/worker-rpc.ts'
import type { EventStream, StreamRecord } from '../../ports/event-stream.ts'
import type { WriteReport } from '../../ports/write-report.ts'
import { allToRetry, translated } from '../sqlite/translate-errors.ts'
import type { LogWriter, LogWriterOptions } from './embedded/log-writer.ts'

const WHAT = 'The event stream'
/** Of Kinesis, so that what works here works there. */
const LIMITS = { recordsMax: 500, bytesMax: 5_242_880, recordBytesMax: 1_048_576 }

/**
 * An append-only log in one SQLite file of the data folder, written by a worker thread: `make dev` and
 * single machines. Readers open the file beside it (`npm run events:tail`).
 */
export function createEmbeddedStream(
  { dataDir, sizeMaxBytes, retentionMs }: EmbeddedEventStreamConfig,
  now: () => number,
): EventStream {
  const options: LogWriterOptions = { dataDir, sizeMaxBytes, retentionMs }
  const writer = new WorkerClient<LogWriter>(
    new URL('./embedded/log-writer-worker.ts', import.meta.url),
    options,
  )
  let problem: string | undefined
  return {
    limits: LIMITS,
    async open() {
      await mkdir(dataDir, { recursive: true })
      await translated(WHAT, writer.start())
    },
    async append(records: readonly StreamRecord[]): Promise<WriteReport> {
      const answer = writer.call('append', records, now())
      const report = await allToRetry(WHAT, writer, records.length, answer)
      problem = report.retryReason
      return report
    },
    partitionOf: () => 'log',
    problems: () => (problem === undefined ? [] : [problem]),
    close: () => translated(WHAT, writer.close()),
  }
}
