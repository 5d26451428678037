import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import { errorMessage } from '../domain/errors.ts'

const CLOSE_GRACE_MS = 2000

/** Connections that wait to be accepted when a fleet of charge points comes back at once; Linux's own limit. */
const BACKLOG = 4096

/** @throws Error for people, with what to do */
export async function listen(app: FastifyInstance, { host, port }: Config['http']): Promise<void> {
  try {
    await app.listen({ host, port, backlog: BACKLOG })
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const hint = isTaken
      ? 'the port is taken: stop what listens there or set HTTP_PORT'
      : errorMessage(error)
    throw new Error(`HTTP server can't listen on HTTP_HOST=${host} HTTP_PORT=${port}: ${hint}`, {
      cause: error,
    })
  }
}

/** Requests under way may finish; connections that say nothing are not waited for. */
export async function closeApp(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS)
  await app.close()
  clearTimeout(timer)
}
