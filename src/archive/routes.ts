import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { publicError } from '../domain/errors.ts'
import { requireRole } from '../http/authenticate.ts'
import { BEARER, COMMON_PROBLEMS, CONFLICT, NOT_FOUND } from '../http/schemas.ts'
import { Replay, type ReplayOptions } from './replay.ts'

// What passes through here: an operator's wish to have a time of the archive once more, and how far it is.

export type ArchiveRoutesOptions = ReplayOptions

const RANGE_MAX_MS = 32 * 86_400_000
/** Replays that have ended and can still be looked at. */
const KEPT_MAX = 20

export const archiveRoutes: FastifyPluginAsyncTypebox<ArchiveRoutesOptions> = async (
  app,
  options,
) => {
  requireRole(app, 'operator')
  const replays = new Map<string, Replay>()

  app.post('/archive/replay', { schema: startSchema }, async ({ body }, reply) => {
    const range = { from: Date.parse(body.from), to: Date.parse(body.to) }
    if (!(range.from < range.to) || range.to - range.from > RANGE_MAX_MS) {
      throw publicError('invalid', '`from` must be before `to`, by 32 days at most')
    }
    const running = [...replays].find(([, { progress }]) => progress.state === 'running')
    if (running !== undefined) {
      throw publicError(
        'conflict',
        `Replay ${running[0]} is running; this instance does one at a time.`,
      )
    }
    const [id, replay] = [randomUUID(), new Replay(options)]
    replays.set(id, replay)
    const [oldest = ''] = replays.keys()
    if (replays.size > KEPT_MAX) replays.delete(oldest)
    void replay.run(range)
    return reply.code(202).header('location', `/archive/replays/${id}`).send(render(id, replay))
  })

  app.get('/archive/replays/:id', { schema: getSchema }, async ({ params: { id } }) => {
    const replay = replays.get(id)
    if (replay === undefined) throw publicError('not-found', `There is no replay ${id} here.`)
    return render(id, replay)
  })
}

function render(id: string, { progress }: Replay) {
  const { object, reason, ...rest } = progress
  return { id, ...rest, object: object ?? null, reason: reason ?? null }
}

const COMMON = { tags: ['archive'], security: BEARER }
const Item = Type.Object({
  id: Type.String(),
  state: Type.String({ enum: ['running', 'done', 'stopped', 'failed'] }),
  objects: Type.Integer({ description: 'Objects that were read to their end' }),
  messages: Type.Integer({ description: 'Messages that ingest has taken' }),
  outside: Type.Integer({
    description: 'Messages of these objects that were received at another time',
  }),
  unreadable: Type.Integer({ description: 'Lines that are no message, objects that are damaged' }),
  object: Type.Union([Type.String(), Type.Null()], {
    description: 'The one being read; a replay that stopped can go on from its hour',
  }),
  reason: Type.Union([Type.String(), Type.Null()]),
})

const startSchema = {
  ...COMMON,
  operationId: 'replayArchive',
  summary: 'Feeds a time of the archive through ingest once more',
  description:
    'What was received in that time, by the `received_at` of each line; of messages without one, all that are in objects that may hold such. Objects are found by the time in their names: where a queue was far behind, ask for as much more on both sides. At most 32 days at a time. What is stored already changes nothing, so it may be done again. Answers at once; how far it is says GET /archive/replays/{id} of this instance.',
  body: Type.Object(
    { from: Type.String({ format: 'date-time' }), to: Type.String({ format: 'date-time' }) },
    { additionalProperties: false },
  ),
  response: { 202: Item, ...COMMON_PROBLEMS, ...CONFLICT },
}

const getSchema = {
  ...COMMON,
  operationId: 'getArchiveReplay',
  summary: 'How far a replay is',
  params: Type.Object({ id: Type.String({ maxLength: 60 }) }),
  response: { 200: Item, ...COMMON_PROBLEMS, ...NOT_FOUND },
}
