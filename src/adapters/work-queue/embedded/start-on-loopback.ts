import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import { type FauxqsServer, startFauxqs } from 'fauxqs'

export type FauxqsOptions = NonNullable<Parameters<typeof startFauxqs>[0]>

const HOST = '127.0.0.1'

/**
 * fauxqs for this machine only. It believes every key, listens on all addresses and has no setting for
 * that (2.4.1); so its server is caught as Fastify announces it, and told where to listen.
 * https://fastify.dev/docs/latest/Reference/Hooks/#diagnostics-channel-hooks
 * @param prepare gets the server before it has routes: its hooks come first
 * @throws Error with code EADDRINUSE if the port is taken
 */
export async function startOnLoopback(
  options: FauxqsOptions,
  prepare: (app: FastifyInstance) => void = () => undefined,
): Promise<FauxqsServer> {
  const onMade = (message: unknown): void => {
    const { fastify: app } = message as { fastify: FastifyInstance }
    const listen = app.listen.bind(app)
    app.listen = ((where: object) => listen({ ...where, host: HOST })) as FastifyInstance['listen']
    prepare(app)
  }
  subscribe('fastify.initialization', onMade)
  // The server is made before the first await in there.
  const starting = startFauxqs(options)
  unsubscribe('fastify.initialization', onMade)
  const server = await starting
  if (new URL(server.address).hostname === HOST) return server
  await server.stop()
  throw new Error(`fauxqs listens on ${server.address}, not on ${HOST} only`)
}
