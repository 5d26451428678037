import type { Clock } from '../domain/clock.ts'
import { publicError } from '../domain/errors.ts'
import type { DeadLetters, StoredDeadLetter } from '../ports/dead-letters.ts'

/**
 * For how long this instance alone may try a letter; longer than a message may take. Should a
 * stalled instance finish later still, nothing breaks: ingest takes the same message once, and a
 * letter that was accepted stays accepted.
 */
const CLAIM_DURATION_MS = 5 * 60_000

export interface RedriveResult {
  readonly outcome: 'accepted' | 'dead-lettered' | 'unavailable'
  readonly reason?: string
}

/** Sends the message through ingest once more. Marks nothing in the store: that is done here. */
export type RedriveLetter = (letter: StoredDeadLetter) => Promise<RedriveResult>

export interface RedriveDeps {
  readonly store: DeadLetters
  readonly redrive: RedriveLetter
  readonly clock: Clock
}

/**
 * Tries a dead letter again and records what became of it.
 * @throws FleetgridError `not-found`, `conflict` (accepted already, under way here or on another
 *   instance, or without its payload), `unavailable`
 */
export function createRedriver({ store, redrive, clock }: RedriveDeps) {
  return async (id: string): Promise<RedriveResult> => {
    const letter = await getLetter(store, id)
    if (letter.isPayloadLost)
      throw publicError('conflict', `${id} can't be redriven: its payload is gone`)
    if (!(await store.claim(id, CLAIM_DURATION_MS))) throw await explainRefusal(store, id)
    const result = await tryOrRelease(store, id, () => redrive(letter))
    const { outcome, reason = 'no reason given' } = result
    if (outcome === 'accepted') await store.markRedriven(id, clock.now())
    else await store.markFailedAgain(id, reason)
    return result
  }
}

/** @throws FleetgridError `not-found` */
export async function getLetter(store: DeadLetters, id: string): Promise<StoredDeadLetter> {
  const letter = await store.get(id)
  if (letter === undefined) throw publicError('not-found', 'No dead letter with this id')
  return letter
}

/** What could not be tried now may be tried again at once, by anybody. */
async function tryOrRelease(
  store: DeadLetters,
  id: string,
  attempt: () => Promise<RedriveResult>,
): Promise<RedriveResult> {
  try {
    const result = await attempt()
    if (result.outcome !== 'unavailable') return result
    throw publicError('unavailable', `Not redriven: ${result.reason ?? 'no reason given'}`)
  } catch (error) {
    // If this fails too, the claim ends by itself; the first error says more.
    await store.release(id).catch(() => {})
    throw error
  }
}

/** Looks again: another instance may have finished between the two reads. */
async function explainRefusal(store: DeadLetters, id: string) {
  const { state } = await getLetter(store, id)
  const problem = state === 'redriven' ? 'is redriven already' : 'is being redriven now'
  return publicError('conflict', `${id} ${problem}`)
}
