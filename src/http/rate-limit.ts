import fastifyRateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'

/** Callers that are remembered; beyond it the one not seen for longest is forgotten. */
const CALLERS_MAX = 20_000

/** Per token subject, or per address where there is none yet. Routes opt out by `config.rateLimit`. */
export async function registerRateLimit(app: FastifyInstance, perSecond: number): Promise<void> {
  await app.register(fastifyRateLimit, {
    max: perSecond,
    timeWindow: 1000,
    cache: CALLERS_MAX,
    // Runs after the scope's own hooks, so that the caller is known.
    hook: 'onRequest',
    keyGenerator: (request) =>
      request.caller === null ? `address ${request.ip}` : `subject ${request.caller.subject}`,
    errorResponseBuilder: (_request, { max }) =>
      Object.assign(new Error(`More than ${max} requests in one second: slow down`), {
        statusCode: 429,
      }),
  })
}
