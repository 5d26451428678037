import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireRole } from '../../http/authenticate.ts'
import type { ChargingTransactions } from '../../ports/charging-transactions.ts'
import type { IdTokens } from '../../ports/id-tokens.ts'
import { type ChargePointRoutesOptions, chargePointRoutes } from './charge-point-routes.ts'
import { type CommandRoutesOptions, commandRoutes } from './command-routes.ts'
import { type CommandStreamRoutesOptions, commandStreamRoutes } from './command-stream-routes.ts'
import { type HoldingCommandRoutesOptions, holdingCommandRoutes } from './holding-command-routes.ts'
import { type HoldingRoutesOptions, holdingRoutes } from './holding-routes.ts'
import { HOLDING_SCHEMAS } from './holding-schemas.ts'
import { idTokenRoutes } from './id-token-routes.ts'
import { readingRoutes } from './reading-routes.ts'
import {
  ChargePointItem,
  CommandItem,
  ConnectorItem,
  IdTokenItem,
  TransactionItem,
} from './schemas.ts'
import { transactionRoutes } from './transaction-routes.ts'

// What passes through here: an operator's look at charge points, what they hold, transactions and id
// tokens, and what charge points are told to do. All of it is for operators.

export interface ChargingRoutesOptions
  extends ChargePointRoutesOptions,
    CommandRoutesOptions,
    CommandStreamRoutesOptions,
    HoldingRoutesOptions,
    HoldingCommandRoutesOptions {
  readonly idTokens: IdTokens
  readonly transactions: ChargingTransactions
}

const NAMED_SCHEMAS = [ChargePointItem, ConnectorItem, TransactionItem, IdTokenItem, CommandItem]

export const chargingRoutes: FastifyPluginAsyncTypebox<ChargingRoutesOptions> = async (
  app,
  options,
) => {
  requireRole(app, 'operator')
  for (const schema of [...NAMED_SCHEMAS, ...HOLDING_SCHEMAS]) app.addSchema(schema)
  await app.register(chargePointRoutes, options)
  await app.register(commandRoutes, options)
  await app.register(holdingRoutes, options)
  await app.register(holdingCommandRoutes, options)
  await app.register(commandStreamRoutes, options)
  await app.register(idTokenRoutes, options)
  await app.register(transactionRoutes, options)
  await app.register(readingRoutes, options)
}
