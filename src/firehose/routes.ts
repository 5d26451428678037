import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { publicError } from '../domain/errors.ts'
import { areColumns } from '../domain/flatten-csv.ts'
import { requireRole } from '../http/authenticate.ts'
import { BEARER, COMMON_PROBLEMS } from '../http/schemas.ts'
import { TransformAnswer, TransformQuery, TransformRequest } from './schemas.ts'
import { type TransformFormat, transformRecords } from './transform.ts'

// What passes through here: records of an Amazon Data Firehose stream, from a Lambda that hands them on,
// and back to it.

/** Of an invocation and of its answer. */
const BODY_SIZE_MAX_BYTES = 6_291_456

export const firehoseRoutes: FastifyPluginAsyncTypebox = async (app) => {
  requireRole(app, 'operator')
  const route = { schema: transformSchema, bodyLimit: BODY_SIZE_MAX_BYTES }
  app.post('/firehose/transform', route, async ({ body, query }) => ({
    records: transformRecords(body.records, formatOf(query)),
  }))
}

function formatOf({
  format = 'ndjson',
  columns,
}: {
  readonly format?: 'ndjson' | 'csv'
  readonly columns?: string
}): TransformFormat {
  if (format === 'ndjson') return { kind: 'ndjson' }
  if (columns === undefined) {
    throw publicError('invalid', 'format=csv needs columns: which, and in which order')
  }
  const names = columns.split(',').map((name) => name.trim())
  if (!areColumns(names)) {
    throw publicError('invalid', 'columns must be different names, and none of them `rest`')
  }
  return { kind: 'csv', columns: names }
}

const transformSchema = {
  tags: ['archive'],
  security: BEARER,
  operationId: 'transformFirehoseRecords',
  summary: 'Transforms records of a Firehose stream',
  description:
    'The event and the answer of an AWS Lambda that a delivery stream calls. Each record is one or more lines of JSON objects; it becomes NDJSON, or rows of a CSV with `;` whose columns are given, with what has no column as JSON in a last one, `rest`; there is no header, since Firehose puts the records of many calls into one object. A record that can’t be read is ProcessingFailed and comes back as it was; the others are not affected.',
  querystring: TransformQuery,
  body: TransformRequest,
  response: { 200: TransformAnswer, ...COMMON_PROBLEMS },
}
