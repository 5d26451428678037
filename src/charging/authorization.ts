import type { ChargingServices } from './services.ts'
import type { ServicesOptions } from './services-options.ts'
import { describeToken, statusOf } from './token-status.ts'

type Options = Pick<ServicesOptions, 'idTokens' | 'transactions' | 'clock' | 'onEvent'>

/** May it start another transaction? */
export function createAuthorization(options: Options): ChargingServices['authorization'] {
  const { idTokens, transactions, clock, onEvent } = options
  return {
    async authorize(tokenUid) {
      const [token, openCount] = await Promise.all([
        idTokens.find(tokenUid),
        transactions.countOpen(tokenUid),
      ])
      const worth = statusOf(token, clock.now())
      const isFull = token !== undefined && openCount >= token.concurrentMax
      const status = worth === 'Accepted' && isFull ? 'ConcurrentTx' : worth
      onEvent({ kind: 'authorize', outcome: status })
      return describeToken(token, status)
    },
  }
}
