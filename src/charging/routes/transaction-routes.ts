import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import { publicError } from '../../domain/errors.ts'
import { BEARER, COMMON_PROBLEMS, NOT_FOUND, named } from '../../http/schemas.ts'
import type { ChargingTransactions, TransactionQuery } from '../../ports/charging-transactions.ts'
import { decodeTimeCursor, encodeCursor, nextReading, readingAfter } from './cursor.ts'
import { renderReading, renderTransaction } from './render.ts'
import { After, Limit, Next, ReadingItem, TransactionItem } from './schemas.ts'
import { type CsvRow, streamCsv } from './stream-csv.ts'
import { parseTime } from './time-parameter.ts'

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
      .send(streamCsv(COLUMNS, pagesOf(transactions, filterOf(query))) as unknown as string),
  )

  // An id has a slash in it, so it travels in the query.
  app.get('/transaction', { schema: getSchema }, async ({ query: { id } }) => {
    const transaction = await transactions.find(id)
    if (transaction === undefined) throw publicError('not-found', `There is no transaction ${id}.`)
    return renderTransaction(transaction)
  })

  app.post('/transactions/:transaction/close', { schema: closeSchema }, async (request) => {
    const { transaction: name } = request.params
    const id = NUMBER.test(name) ? (await transactions.findNumber(Number(name)))?.id : name
    const closed = id === undefined ? undefined : await transactions.close(id, request.body.reason)
    if (closed === undefined) throw publicError('not-found', `There is no transaction ${name}.`)
    return renderTransaction(closed)
  })

  app.get('/transaction/meter-values', { schema: readingsSchema }, async ({ query }) => {
    const { id, after, limit = 50 } = query
    const readings = await transactions.readings({
      transactionId: id,
      ...readingAfter(after),
      limit,
    })
    return { meterValues: readings.map(renderReading), next: nextReading(readings, limit) }
  })
}

/** As OCPP 1.6 has it. */
const NUMBER = /^[1-9]\d{0,9}$/
const COLUMNS = [
  ...(['id', 'chargePointId', 'evseId', 'connectorId', 'idToken', 'startedAt'] as const),
  ...(['stoppedAt', 'meterStartWh', 'meterStopWh', 'energyWh', 'stopReason', 'state'] as const),
] as const
const CSV_PAGE = 500

async function* pagesOf(
  transactions: ChargingTransactions,
  filter: Omit<TransactionQuery, 'limit' | 'after'>,
): AsyncGenerator<CsvRow<(typeof COLUMNS)[number]>[]> {
  let after: TransactionQuery['after']
  for (;;) {
    const page = await transactions.list({ ...filter, ...(after && { after }), limit: CSV_PAGE })
    yield page.map(renderTransaction)
    const last = page.at(-1)
    if (last === undefined || page.length < CSV_PAGE) return
    after = { startedAt: last.startedAt, id: last.id }
  }
}

const Filter = Type.Object({
  chargePointId: Type.Optional(Type.String({ maxLength: 48, description: 'Of this one only' })),
  idToken: Type.Optional(Type.String({ maxLength: 36, description: 'Begun with this one' })),
  open: Type.Optional(
    Type.Boolean({ description: 'true: running or lost; false: stopped or closed' }),
  ),
  lost: Type.Optional(Type.Literal(true, { description: 'Only those whose end nobody has told' })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Started then or later' })),
  before: Type.Optional(Type.String({ format: 'date-time', description: 'Started before' })),
})

function filterOf(query: Static<typeof Filter>): Omit<TransactionQuery, 'limit' | 'after'> {
  const { chargePointId, idToken, open, lost, from, before } = query
  return {
    ...(chargePointId === undefined ? {} : { chargePointId }),
    ...(idToken === undefined ? {} : { tokenUid: idToken }),
    ...(open === undefined ? {} : { isOpen: open }),
    ...(lost === undefined ? {} : { isLost: lost }),
    ...(from === undefined ? {} : { startedFrom: parseTime(from) }),
    ...(before === undefined ? {} : { startedBefore: parseTime(before) }),
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

const closeSchema = {
  ...COMMON,
  operationId: 'closeTransaction',
  summary: 'Gives up a charging transaction whose end nobody will tell',
  description:
    'It takes no place of its id token any more. The first time counts. If the charge point tells of its end later, that is its end; one that is stopped already stays as it is.',
  params: Type.Object({
    transaction: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Its number (OCPP 1.6), or its id, encoded',
    }),
  }),
  body: Type.Object(
    { reason: Type.String({ minLength: 1, maxLength: 500 }) },
    { additionalProperties: false },
  ),
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
