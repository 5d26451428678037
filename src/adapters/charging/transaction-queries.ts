import type { Kysely } from 'kysely'
import { sameToken } from '../../domain/id-token.ts'
import type { TransactionQuery } from '../../ports/charging-transactions.ts'
import type { Tables } from '../database/database.ts'
import type { StoredTransactionRow } from './transaction-rows.ts'

export interface ListPlace {
  /** Of the last one of the page before; undefined: it isn't there any more. */
  readonly afterNumber: number | undefined
  readonly silentBefore: number
}

/** Newest first. */
export async function listTransactions(
  db: Kysely<Tables>,
  query: TransactionQuery,
  { afterNumber = Number.MAX_SAFE_INTEGER, silentBefore }: ListPlace,
): Promise<StoredTransactionRow[]> {
  const { chargePointId, tokenUid, isOpen, isLost, startedFrom, startedBefore, after } = query
  let found = db.selectFrom('charging_transaction').selectAll()
  if (chargePointId !== undefined) found = found.where('charge_point_id', '=', chargePointId)
  if (tokenUid !== undefined) found = found.where('token_key', '=', sameToken(tokenUid))
  if (isOpen === true || isLost === true) {
    found = found.where('stopped_at', 'is', null).where('closed_at', 'is', null)
  }
  if (isOpen === false) {
    found = found.where((of) =>
      of.or([of('stopped_at', 'is not', null), of('closed_at', 'is not', null)]),
    )
  }
  if (isLost === true) {
    found = found.where((of) =>
      of.or([of('superseded_at', 'is not', null), of('told_at', '<', silentBefore)]),
    )
  }
  if (startedFrom !== undefined) found = found.where('started_at', '>=', startedFrom)
  if (startedBefore !== undefined) found = found.where('started_at', '<', startedBefore)
  if (after !== undefined) {
    found = found.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('started_at', 'number'), '<', tuple(after.startedAt, afterNumber)),
    )
  }
  const rows = await found
    .orderBy('started_at', 'desc')
    .orderBy('number', 'desc')
    .limit(query.limit)
    .execute()
  return rows as StoredTransactionRow[]
}
