import { LOST_AFTER_MS } from '../../domain/charging-transaction.ts'
import type { ChargePointHoldings } from '../../ports/charge-point-holdings.ts'
import type { ChargePoints } from '../../ports/charge-points.ts'
import type { ChargingCommands } from '../../ports/charging-commands.ts'
import type { ChargingRecords } from '../../ports/charging-records.ts'
import type { ChargingRetention } from '../../ports/charging-retention.ts'
import type { ChargingTransactions } from '../../ports/charging-transactions.ts'
import type { IdTokens } from '../../ports/id-tokens.ts'
import type { Database } from '../database/database.ts'
import { StoredChargePoints } from './charge-points.ts'
import { StoredChargingCommands } from './commands.ts'
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts'
import { StoredChargePointHoldings } from './holdings.ts'
import { StoredIdTokens } from './id-tokens.ts'
import { StoredChargingRecords } from './records.ts'
import { StoredChargingRetention } from './retention.ts'
import { StoredChargingTransactions } from './transactions.ts'

/** A storm of all the charge points that one process can hold, with room. */
const QUEUE_MAX = 50_000
const GROUP_MAX = 1000
/** Shorter than charge points wait for an answer, which is 30 s or more. */
const DEADLINE_MS = 20_000

export interface ChargingStoresOptions {
  /** Opened before, and closed after, by whoever made it. */
  readonly database: Database
  readonly now: () => number
  /** Of silence, after which a charging transaction is lost. */
  readonly transactionLostAfterMs?: number | undefined
  /** Of the transactions in which everything is written. */
  readonly commit?: Partial<Omit<GroupCommitOptions, 'database'>>
}

export interface ChargingStores {
  readonly chargePoints: ChargePoints
  readonly idTokens: IdTokens
  readonly transactions: ChargingTransactions
  readonly commands: ChargingCommands
  readonly records: ChargingRecords
  readonly holdings: ChargePointHoldings
  readonly retention: ChargingRetention
  /** Writes that wait or are under way. */
  readonly pending: () => number
  /** What keeps them from becoming durable; empty when all is well. */
  readonly problems: () => readonly string[]
  /** What was called is finished first; new writes are refused. */
  close(): Promise<void>
}

/** Everything of charging that is kept, on one database, in shared transactions. */
export function createChargingStores(options: ChargingStoresOptions): ChargingStores {
  const { database, now } = options
  const commit = new GroupCommit({
    database,
    queueMax: QUEUE_MAX,
    groupMax: GROUP_MAX,
    deadlineMs: DEADLINE_MS,
    ...options.commit,
  })
  const context = { database, commit, now }
  // In this order each transaction locks their tables.
  return {
    chargePoints: new StoredChargePoints(context),
    idTokens: new StoredIdTokens(context),
    transactions: new StoredChargingTransactions(
      context,
      options.transactionLostAfterMs ?? LOST_AFTER_MS,
    ),
    commands: new StoredChargingCommands(context),
    records: new StoredChargingRecords(context),
    holdings: new StoredChargePointHoldings(context),
    retention: new StoredChargingRetention(context),
    pending: () => commit.size,
    problems: () => {
      const problem = commit.problem()
      return problem === undefined ? [] : [problem]
    },
    close: () => commit.close(),
  }
}
