import type { Clock } from '../domain/clock.ts'
import { publicError } from '../domain/errors.ts'
import type { DeadLetters, StoredDeadLetter } from '../ports/dead-letters.ts'

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
 * @throws FleetgridError `not-found`, `conflict` (accepted already, or under way), `unavailable`
 */
export function createRedriver({ store, redrive, clock }: RedriveDeps) {
  const underWay = new Set<string>()
  return async (id: string): Promise<RedriveResult> => {
    const letter = await getLetter(store, id)
    if (letter.state === 'redriven') throw publicError('conflict', `${id} is redriven already`)
    if (underWay.has(id)) throw publicError('conflict', `${id} is being redriven now`)
    underWay.add(id)
    try {
      const result = await redrive(letter)
      const { outcome, reason = 'no reason given' } = result
      if (outcome === 'unavailable') throw publicError('unavailable', `Not redriven: ${reason}`)
      if (outcome === 'accepted') await store.markRedriven(id, clock.now())
      else await store.markFailedAgain(id, reason)
      return result
    } finally {
      underWay.delete(id)
    }
  }
}

/** @throws FleetgridError `not-found` */
export async function getLetter(store: DeadLetters, id: string): Promise<StoredDeadLetter> {
  const letter = await store.get(id)
  if (letter === undefined) throw publicError('not-found', 'No dead letter with this id')
  return letter
}
