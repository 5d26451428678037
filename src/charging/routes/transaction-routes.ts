import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import { publicError } from '../../domain/errors.ts'
import { BEARER, COMMON_PROBLEMS, NOT_FOUND, named } from '../../http/schemas.ts'
import type { ChargingTransactions, TransactionQuery } from '../../ports/charging-transactions.ts'
import { decodeTimeCursor, encodeCursor } from './cursor.ts'
import { renderReading, renderTransaction } from './render.ts'
import { After, Limit, Next, ReadingItem, TransactionItem } from './schemas.ts'
import { streamCsv } from './stream-csv.ts'

export const transactionRoutes: FastifyPluginAsyncTypebox<{
  readonly transactions: ChargingTransactions
}> = async (app, { transactions }) => {
  app.get('/transactions', { schema: listSchema }, async ({ query }) => {
    const { after, limit = 50 } = query
    const page = await transactions.list({ ...filterOf(query), ...placeOf(after), limit })
    const last = page.length < limit ? undefined : page.at(-1)
    return {
      transactions: page.map(renderTransaction),
      next: last === undefined ? null : encodeCursor([last.startedAt, last.id]),
    }
  })

  app.get('/transactions.csv', { schema: csvSchema }, async ({ query }, reply) =>
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="transactions.csv"')
      // Fastify sends a stream as it is read; the schema's type is what readers get.
      .send(streamCsv(transactions, filterOf(query)) as unknown as string),
  )

  // An id has a slash in it, so it travels in the query.
  app.get('/transaction', { schema: getSchema }, async ({ query: { id } }) => {
    const transaction = await transactions.find(id)
    if (transaction === undefined) throw publicError('not-found', `There is no transaction ${id}.`)
    return renderTransaction(transaction)
  })

  app.get('/transaction/meter-values', { schema: readingsSchema }, async ({ query }) => {
    const { id, after, limit = 50 } = query
    const place = after === undefined ? {} : { afterAt: decodeTimeCursor(after).at }
    const readings = await transactions.readings({ transactionId: id, ...place, limit })
    const last = readings.length < limit ? undefined : readings.at(-1)
    return {
      meterValues: readings.map(renderReading),
      next: last === undefined ? null : encodeCursor([last.at, '']),
    }
  })
}

const Filter = Type.Object({
  chargePointId: Type.Optional(Type.String({ maxLength: 48, description: 'Of this one only' })),
  idToken: Type.Optional(Type.String({ maxLength: 36, description: 'Begun with this one' })),
  open: Type.Optional(Type.Boolean({ description: 'true: still running; false: stopped' })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Started then or later' })),
  before: Type.Optional(Type.String({ format: 'date-time', description: 'Started before' })),
})

function filterOf(query: Static<typeof Filter>): Omit<TransactionQuery, 'limit' | 'after'> {
  const { chargePointId, idToken, open, from, before } = query
  return {
    ...(chargePointId === undefined ? {} : { chargePointId }),
    ...(idToken === undefined ? {} : { tokenUid: idToken }),
    ...(open === undefined ? {} : { isOpen: open }),
    ...(from === undefined ? {} : { startedFrom: Date.parse(from) }),
    ...(before === undefined ? {} : { startedBefore: Date.parse(before) }),
  }
}

function placeOf(after: string | undefined): Pick<TransactionQuery, 'after'> {
  if (after === undefined) return {}
  const { at, id } = decodeTimeCursor(after)
  return { after: { startedAt: at, id } }
}

const COMMON = { tags: ['charging'], security: BEARER }
const Page = { after: Type.Optional(After), limit: Type.Optional(Limit) }
const Id = {
  id: Type.String({ minLength: 1, maxLength: 200, description: 'Of the transaction, encoded' }),
}

const listSchema = {
  ...COMMON,
  operationId: 'listTransactions',
  summary: 'Charging transactions, newest first',
  querystring: Type.Object({ ...Filter.properties, ...Page }),
  response: {
    200: Type.Object({ transactions: Type.Array(named(TransactionItem)), next: Next }),
    ...COMMON_PROBLEMS,
  },
}

const csvSchema = {
  ...COMMON,
  operationId: 'exportTransactions',
  summary: 'Charging transactions as CSV, newest first, all of them',
  querystring: Filter,
  response: {
    200: {
      description: 'RFC 4180, UTF-8, with a line of names',
      content: { 'text/csv': { schema: Type.String() } },
    },
    ...COMMON_PROBLEMS,
  },
}

const getSchema = {
  ...COMMON,
  operationId: 'getTransaction',
  summary: 'One charging transaction',
  querystring: Type.Object(Id),
  response: { 200: named(TransactionItem), ...COMMON_PROBLEMS, ...NOT_FOUND },
}

const readingsSchema = {
  ...COMMON,
  operationId: 'listMeterValues',
  summary: 'Meter values of a transaction, oldest first',
  querystring: Type.Object({ ...Id, ...Page }),
  response: {
    200: Type.Object({ meterValues: Type.Array(ReadingItem), next: Next }),
    ...COMMON_PROBLEMS,
  },
}
