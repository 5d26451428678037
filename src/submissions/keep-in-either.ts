import { errorMessage } from '../domain/errors.ts'
import type { DeadLetter } from '../ports/dead-letters.ts'
import type { WriteReport } from '../ports/write-report.ts'

export type Keep = (letters: readonly DeadLetter[]) => Promise<WriteReport>

/** What the first one can never hold goes to the second: a message of a queue has a limit. */
export function keepInEither(first: Keep, second: Keep): Keep {
  return async (letters) => {
    const report = await first(letters)
    if (report.rejected.length === 0) return report
    const indices = report.rejected.map(({ index }) => index)
    const others = await keepOrRetry(
      second,
      indices.map((index) => letters[index] as DeadLetter),
    )
    const indexOf = (other: number): number => indices[other] as number
    const retryReason = report.retryReason ?? others.retryReason
    return {
      accepted: report.accepted + others.accepted,
      duplicates: [...report.duplicates, ...others.duplicates.map(indexOf)],
      rejected: others.rejected.map(({ index, reason }) => ({ index: indexOf(index), reason })),
      retry: [...report.retry, ...others.retry.map(indexOf)],
      ...(retryReason === undefined ? {} : { retryReason }),
    }
  }
}

/** The first one has what it could: only these have to come again. */
async function keepOrRetry(keep: Keep, letters: readonly DeadLetter[]): Promise<WriteReport> {
  try {
    return await keep(letters)
  } catch (error) {
    const retry = [...letters.keys()]
    return { accepted: 0, duplicates: [], rejected: [], retry, retryReason: errorMessage(error) }
  }
}
