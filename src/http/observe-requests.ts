import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It lasts as long as its client wants: its duration says nothing of us. */
    isLongLived?: boolean
  }
}

/** Duration by route pattern, never by URL: a VIN must not become a label. */
export function observeRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    const route = routeOptions.url ?? 'none'
    const status = reply.statusCode
    if (request.ws || (routeOptions.config?.isLongLived === true && status < 400)) return
    metrics.httpSeconds.observe({ method, route, status }, reply.elapsedTime / 1000)
    request.log.debug({ method, route, status, ms: Math.round(reply.elapsedTime) }, 'answered')
  })
}
