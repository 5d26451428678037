import type { ChargingTransaction, TransactionStop } from '../domain/charging-transaction.ts'
import { type IdToken, sameToken, type TokenInfo } from '../domain/id-token.ts'
import type { JsonObject } from '../domain/json.ts'
import type { ChargingRecord } from '../ports/charging-records.ts'
import { recordOf } from './records.ts'
import type { ChargingServices } from './services.ts'
import type { ServicesOptions } from './services-options.ts'
import { describeToken, statusOf } from './token-status.ts'

type Options = Pick<ServicesOptions, 'idTokens' | 'transactions' | 'records' | 'clock' | 'onEvent'>

/** What is told has happened, so it is kept, whatever the token is worth: the status says the rest. */
export function createTransactions(options: Options): ChargingServices['transactions'] {
  const { idTokens, transactions, records, clock, onEvent } = options

  const findToken = async (uid: string | undefined): Promise<IdToken | undefined> =>
    uid === undefined ? undefined : idTokens.find(uid)

  /**
   * Who may stop it is for the charge point to say, which knows groups and masters. It keeps what we
   * say of a token in its cache, so this is about the token, not about whose transaction it was.
   */
  const worthOf = (token: IdToken | undefined): TokenInfo =>
    describeToken(token, statusOf(token, clock.now()))

  /** Only a transaction that is running takes a place, and only that of whoever started it. */
  async function worthIn(
    { tokenUid, state }: ChargingTransaction,
    token: IdToken | undefined,
  ): Promise<TokenInfo> {
    const worth = worthOf(token)
    if (token === undefined || worth.status !== 'Accepted') return worth
    const isStarter = tokenUid !== undefined && sameToken(tokenUid) === sameToken(token.uid)
    if (!isStarter || state !== 'running') return worth
    const openCount = await transactions.countOpen(token.uid)
    return openCount > token.concurrentMax ? { ...worth, status: 'ConcurrentTx' } : worth
  }

  return {
    async start(session, start) {
      const token = await idTokens.find(start.tokenUid)
      const transaction = await transactions.start({ ...start, tokenGroupId: token?.groupId })
      const info = await worthIn(transaction, token)
      onEvent({ kind: 'transaction-start', outcome: info.status, chargePointId: session.id })
      return { transaction, token: info }
    },

    async stop(session, stop) {
      const { tokenUid } = stop
      const [token, transaction] = await Promise.all([findToken(tokenUid), transactions.stop(stop)])
      if (transaction === undefined) await records.add(orphanOf(stop))
      const info = tokenUid === undefined ? undefined : worthOf(token)
      const outcome = transaction === undefined ? 'orphan' : (info?.status ?? 'no-token')
      onEvent({ kind: 'transaction-stop', outcome, chargePointId: session.id })
      return info
    },

    async record(session, event) {
      const { tokenUid } = event
      const token = await findToken(tokenUid)
      const transaction = await transactions.record({ ...event, tokenGroupId: token?.groupId })
      const info = tokenUid === undefined ? undefined : await worthIn(transaction, token)
      const outcome = info?.status ?? 'no-token'
      onEvent({ kind: 'transaction-event', outcome, chargePointId: session.id })
      return info
    },

    async addReadings(session, place, number, readings) {
      if (readings.length > 0) await transactions.addReadings(place, number, readings)
      onEvent({ kind: 'readings', outcome: 'stored', chargePointId: session.id })
    },
  }
}

/** With its meter values: they may be all that is left of a transaction. */
function orphanOf({ chargePointId, at, ...document }: TransactionStop): ChargingRecord {
  // Only values of JSON; its type lacks an index signature.
  return recordOf(chargePointId, 'orphan', document as unknown as JsonObject, at)
}
