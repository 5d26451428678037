import type { Test } from 'tap'
import type { ChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import { chargePointsContract } from './charge-points.ts'
import { chargingCommandsContract } from './charging-commands.ts'
import { chargingRecordsContract } from './charging-records.ts'
import { transactionOrderContract } from './charging-transaction-order.ts'
import { chargingTransactionsContract } from './charging-transactions.ts'
import { idTokensContract } from './id-tokens.ts'

/** The suites of all five ports. @param make an empty place, and one more instance on it a call */
export function chargingStoresContract(
  t: Test,
  make: (t: Test) => Promise<() => ChargingStores>,
): void {
  t.test('charge points', async (t) => {
    chargePointsContract(t, async (t) => (await make(t))().chargePoints)
  })
  t.test('id tokens', async (t) => {
    idTokensContract(t, async (t) => (await make(t))().idTokens)
  })
  const makeTransactions = async (t: Test) => {
    const instance = await make(t)
    return () => instance().transactions
  }
  t.test('transactions', async (t) => chargingTransactionsContract(t, makeTransactions))
  t.test('transactions in any order', async (t) => transactionOrderContract(t, makeTransactions))
  t.test('commands', async (t) => {
    chargingCommandsContract(t, async (t) => {
      const instance = await make(t)
      return () => instance().commands
    })
  })
  t.test('records', async (t) => {
    chargingRecordsContract(t, async (t) => (await make(t))().records)
  })
}
