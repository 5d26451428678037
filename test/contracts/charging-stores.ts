import type { Test } from 'tap'
import type { ChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import { chargePointHoldingsContract } from './charge-point-holdings.ts'
import { chargePointsContract } from './charge-points.ts'
import { chargingCommandsContract } from './charging-commands.ts'
import { chargingNumbersContract } from './charging-numbers.ts'
import { chargingRecordsContract } from './charging-records.ts'
import { chargingRetentionContract } from './charging-retention.ts'
import { transactionOrderContract } from './charging-transaction-order.ts'
import { AT, chargingTransactionsContract } from './charging-transactions.ts'
import { idTokensContract } from './id-tokens.ts'
import { lostTransactionsContract } from './lost-transactions.ts'
import { placeReadingsContract } from './place-readings.ts'

/** One more instance on the same place each time. */
export type MakeStores = (
  t: Test,
) => Promise<(options?: { readonly now?: () => number }) => ChargingStores>

/** The suites of all ports. @param make an empty place, and instances on it */
export function chargingStoresContract(t: Test, make: MakeStores): void {
  t.test('charge points', async (t) => {
    chargePointsContract(t, async (t) => (await make(t))().chargePoints)
  })
  t.test('id tokens', async (t) => {
    idTokensContract(t, async (t) => (await make(t))().idTokens)
  })
  const makeTransactions = async (t: Test) => {
    const instance = await make(t)
    // What they tell is not of the future.
    return () => instance({ now: () => AT + 1_000_000 }).transactions
  }
  t.test('transactions', async (t) => chargingTransactionsContract(t, makeTransactions))
  t.test('transactions in any order', async (t) => transactionOrderContract(t, makeTransactions))
  t.test('numbers', async (t) => chargingNumbersContract(t, makeTransactions))
  t.test('lost transactions', async (t) => lostTransactionsContract(t, make))
  t.test('readings outside of transactions', async (t) => placeReadingsContract(t, make))
  t.test('retention', async (t) => chargingRetentionContract(t, make))
  t.test('commands', async (t) => {
    chargingCommandsContract(t, async (t) => {
      const instance = await make(t)
      return instance
    })
  })
  t.test('records', async (t) => {
    chargingRecordsContract(t, async (t) => (await make(t))().records)
  })
  t.test('holdings', async (t) => chargePointHoldingsContract(t, make))
}
