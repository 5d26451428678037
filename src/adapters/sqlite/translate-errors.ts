import { FleetgridError } from '../../domain/errors.ts'
import { WorkerError } from '../../lib/worker-rpc.ts'
import type { WriteReport } from '../../ports/write-report.ts'

/** A worker that can't answer is an `unavailable` of the domain; anything else is a bug as it is. */
export async function translated<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw translateError(what, error)
  }
}

export async function* translatedStream<T>(
  what: string,
  items: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* items
  } catch (error) {
    throw translateError(what, error)
  }
}

/**
 * For writes: a worker that died in mid-write leaves open what is stored. Writing again is safe,
 * because every write is idempotent, so all of the batch is to be tried again.
 */
export async function allToRetry(
  what: string,
  worker: { readonly isClosed: boolean },
  size: number,
  report: Promise<WriteReport>,
): Promise<WriteReport> {
  try {
    return await report
  } catch (error) {
    const isLost = error instanceof WorkerError && error.code === 'unavailable'
    if (!isLost || worker.isClosed) throw translateError(what, error)
    const retry = Array.from({ length: size }, (_, index) => index)
    return { accepted: 0, duplicates: [], rejected: [], retry, retryReason: error.message }
  }
}

function translateError(what: string, error: unknown): unknown {
  if (!(error instanceof WorkerError) || error.code !== 'unavailable') return error
  const message = error.message.startsWith(what) ? error.message : `${what}: ${error.message}`
  return new FleetgridError('unavailable', message, { cause: error })
}
