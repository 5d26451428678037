import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { publicError } from '../domain/errors.ts'
import { isDoneWithin } from '../lib/within.ts'
import type { Metrics } from './metrics.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers from the first moment, whatever this process still waits for. */
    isForOperations?: boolean
  }
}

export interface OperationsRoutesOptions {
  readonly health: { check(): Promise<readonly string[]> }
  readonly metrics: Metrics
}

/** A check that takes longer is a problem too: a load balancer doesn't wait for ever. */
const CHECK_TIMEOUT_MS = 3000

/** For load balancers, orchestrators and Prometheus; none needs a token or is limited. */
export const operationsRoutes: FastifyPluginAsyncTypebox<OperationsRoutesOptions> = async (
  app,
  { health, metrics },
) => {
  const config = { rateLimit: false as const, isForOperations: true }

  app.get('/live', { schema: liveSchema, config }, () => ({ status: 'live' }))

  app.get('/ready', { schema: readySchema, config }, async (_request, reply) => {
    const problems = await findProblems(health)
    if (problems.length === 0) return { status: 'ready', problems }
    return reply.code(503).header('retry-after', '5').send({ status: 'not-ready', problems })
  })

  app.get('/metrics', { schema: metricsSchema, config }, async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}

/** 503 with Retry-After for all but operations; for routes that don't exist, too. */
export function refuseWhileStarting(
  app: FastifyInstance,
  starting: () => string | undefined,
): void {
  app.addHook('onRequest', async ({ routeOptions }) => {
    if (starting() === undefined || routeOptions.config?.isForOperations === true) return
    throw publicError('unavailable', 'This instance is starting: try again after Retry-After')
  })
}

async function findProblems(health: OperationsRoutesOptions['health']): Promise<string[]> {
  try {
    const check = health.check()
    if (await isDoneWithin(CHECK_TIMEOUT_MS, check)) return [...(await check)]
    return [`the check took longer than ${CHECK_TIMEOUT_MS} ms`]
  } catch {
    return ['the check itself failed']
  }
}

const Status = (value: string) => Type.String({ examples: [value] })

const liveSchema = {
  tags: ['operations'],
  operationId: 'isLive',
  summary: 'This process runs',
  description: 'Says nothing of databases: restarting this process would not mend them.',
  response: { 200: Type.Object({ status: Status('live') }) },
}

const Readiness = (status: string, problem: string[]) =>
  Type.Object({
    status: Status(status),
    problems: Type.Array(Type.String(), { examples: [problem] }),
  })

const readySchema = {
  tags: ['operations'],
  operationId: 'isReady',
  summary: 'This instance can serve, or why it can’t',
  response: {
    200: Readiness('ready', []),
    503: Readiness('not-ready', ['fleet index: writes fail, 12 messages wait for it']),
  },
}

const metricsSchema = {
  tags: ['operations'],
  operationId: 'getMetrics',
  summary: 'Metrics for Prometheus',
  response: {
    200: {
      description: 'Text exposition format',
      content: { 'text/plain': { schema: Type.String() } },
    },
  },
}
