import type { ChargingServices } from './services.ts'
import type { ServicesOptions } from './services-options.ts'
import { describeToken, statusOf } from './token-status.ts'

type Options = Pick<ServicesOptions, 'idTokens' | 'clock' | 'onEvent'>

/**
 * What is the token worth? That it has too many transactions is said when one begins, and not here (OCPP
 * 1.6 §7.2, 2.0.1 part 2 §3.3: ConcurrentTx): whoever asks may be about to stop one, or to begin again where
 * one was never stopped, which ends that one.
 */
export function createAuthorization(options: Options): ChargingServices['authorization'] {
  const { idTokens, clock, onEvent } = options
  return {
    async authorize(tokenUid) {
      const token = await idTokens.find(tokenUid)
      const status = statusOf(token, clock.now())
      onEvent({ kind: 'authorize', outcome: status })
      return describeToken(token, status)
    },
  }
}
