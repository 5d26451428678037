import { FleetgridError } from '../../../domain/errors.ts'
import { WorkerError } from '../../../lib/worker-rpc.ts'

/** Codes of the worker become kinds of the domain; anything else is a bug as it is. */
export async function answerOf<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw toDomain(error)
  }
}

export function toDomain(error: unknown): unknown {
  if (!(error instanceof WorkerError)) return error
  const { code } = error
  if (code !== 'conflict' && code !== 'unavailable') return error
  return new FleetgridError(code, `Database: ${error.message}`, { cause: error })
}
