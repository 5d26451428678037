import type { Settled } from '../lib/batcher.ts'

/** How the way of one message ended. */
export type Outcome =
  | { readonly kind: 'stored' | 'duplicate' | 'ignored' }
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }

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
