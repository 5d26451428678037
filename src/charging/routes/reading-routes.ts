import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type, { type Static } from 'typebox'
import { BEARER, COMMON_PROBLEMS } from '../../http/schemas.ts'
import { compact } from '../../lib/compact.ts'
import type {
  ChargingTransactions,
  PlaceReading,
  PlaceReadingQuery,
} from '../../ports/charging-transactions.ts'
import { nextReading, readingAfter } from './cursor.ts'
import { renderPlaceReading, renderTime } from './render.ts'
import { After, ChargePointParameter, Limit, Next, ReadingItem } from './schemas.ts'
import { type CsvRow, streamCsv } from './stream-csv.ts'
import { parseTimeIf } from './time-parameter.ts'

export interface ReadingRoutesOptions {
  readonly transactions: Pick<ChargingTransactions, 'placeReadings'>
}

export const readingRoutes: FastifyPluginAsyncTypebox<ReadingRoutesOptions> = async (
  app,
  { transactions },
) => {
  app.get(
    '/charge-points/:chargePointId/readings',
    { schema: listSchema },
    async ({ params: { chargePointId }, query }) => {
      const { after, limit = 50, ...filter } = query
      const place = { chargePointId, ...filterOf(filter), ...readingAfter(after) }
      const page = await transactions.placeReadings({ ...place, limit })
      return { meterValues: page.map(renderPlaceReading), next: nextReading(page, limit) }
    },
  )

  app.get(
    '/charge-points/:chargePointId/readings.csv',
    { schema: csvSchema },
    async ({ params: { chargePointId }, query }, reply) => {
      const pages = pagesOf(transactions, { chargePointId, ...filterOf(query) })
      return (
        reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', 'attachment; filename="readings.csv"')
          // Fastify sends a stream as it is read; the schema's type is what readers get.
          .send(streamCsv(COLUMNS, pages) as unknown as string)
      )
    },
  )
}

const COLUMNS = [
  ...(['at', 'evseId', 'connectorId', 'measurand', 'value', 'unit'] as const),
  ...(['phase', 'location', 'context', 'format'] as const),
] as const
/** Few: one may be as large as a message. */
const CSV_PAGE = 100

/** A line for each sample. */
async function* pagesOf(
  transactions: ReadingRoutesOptions['transactions'],
  filter: Omit<PlaceReadingQuery, 'limit' | 'after'>,
): AsyncGenerator<CsvRow<(typeof COLUMNS)[number]>[]> {
  let after: PlaceReadingQuery['after']
  for (;;) {
    const query = { ...filter, ...(after && { after }), limit: CSV_PAGE }
    const page = await transactions.placeReadings(query)
    yield page.flatMap(rowsOf)
    const last = page.at(-1)
    if (last === undefined || page.length < CSV_PAGE) return
    after = { at: last.at, key: last.key }
  }
}

function rowsOf({ at, evseId, connectorId, samples }: PlaceReading) {
  return samples.map((sample) => ({ at: renderTime(at), evseId, connectorId, ...sample }))
}

const ID_RANGE = { minimum: 0, maximum: 2_147_483_647 }
const Filter = Type.Object({
  evseId: Type.Optional(Type.Integer({ ...ID_RANGE, description: 'Of this one only' })),
  connectorId: Type.Optional(Type.Integer({ ...ID_RANGE, description: 'Of this one only' })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Read then or later' })),
  before: Type.Optional(Type.String({ format: 'date-time', description: 'Read before' })),
})

function filterOf({ evseId, connectorId, from, before }: Static<typeof Filter>) {
  return compact({ evseId, connectorId, from: parseTimeIf(from), before: parseTimeIf(before) })
}

const COMMON = { tags: ['charging'], security: BEARER, params: ChargePointParameter }

const listSchema = {
  ...COMMON,
  operationId: 'listPlaceMeterValues',
  summary: 'Meter values outside of transactions, oldest first',
  querystring: Type.Object({
    ...Filter.properties,
    after: Type.Optional(After),
    limit: Type.Optional(Limit),
  }),
  response: {
    200: Type.Object({
      meterValues: Type.Array(
        Type.Object({
          evseId: Type.Integer({ description: '0: the charge point as a whole' }),
          connectorId: Type.Integer(),
          ...ReadingItem.properties,
        }),
      ),
      next: Next,
    }),
    ...COMMON_PROBLEMS,
  },
}

const csvSchema = {
  ...COMMON,
  operationId: 'exportPlaceMeterValues',
  summary: 'Meter values outside of transactions as CSV, oldest first, all of them',
  description: 'A line for each sample.',
  querystring: Filter,
  response: {
    200: {
      description: 'RFC 4180, UTF-8, with a line of names',
      content: { 'text/csv': { schema: Type.String() } },
    },
    ...COMMON_PROBLEMS,
  },
}
