import type { Settled } from '../lib/batcher.ts'
import type { Original } from './rule-error.ts'

/** How the way of one message ended. */
export type Outcome =
  | { readonly kind: 'stored' | 'duplicate' | 'ignored' }
  /** `original`: the message within it, to be kept in its place. */
  | { readonly kind: 'unusable'; readonly reason: string; readonly original?: Original }
  | { readonly kind: 'refused'; readonly reason: string }

export type UnusableOutcome = Extract<Outcome, { kind: 'unusable' }>

export function outcomeOf(result: Settled): Outcome {
  switch (result.outcome) {
    case 'accepted':
      return { kind: 'stored' }
    case 'duplicate':
      return { kind: 'duplicate' }
    case 'rejected':
      return { kind: 'unusable', reason: `the fleet index can't store it: ${result.reason}` }
    case 'refused':
      return { kind: 'refused', reason: result.reason }
  }
}

/** The same for who redrives a dead letter. */
export interface Redriven {
  readonly outcome: 'accepted' | 'dead-lettered' | 'unavailable'
  readonly reason?: string
}

export function redriven(outcome: Outcome): Redriven {
  if (outcome.kind === 'unusable') return { outcome: 'dead-lettered', reason: outcome.reason }
  if (outcome.kind === 'refused') return { outcome: 'unavailable', reason: outcome.reason }
  return { outcome: 'accepted' }
}
