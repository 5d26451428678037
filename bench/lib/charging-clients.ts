import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { ClientRequests } from './charging-client.ts'
import { endChild } from './end-child.ts'

/** Charge points in a process of their own; see charging-client.ts for what can be asked of them. */
export interface ClientProcess {
  readonly pid: number
  ask<What extends keyof ClientRequests>(
    what: What,
    ...about: Parameters<ClientRequests[What]>
  ): Promise<Awaited<ReturnType<ClientRequests[What]>>>
  stop(): Promise<void>
}

export function startClient(): ClientProcess {
  const child = fork(new URL('./charging-client.ts', import.meta.url))
  return {
    pid: child.pid ?? 0,
    async ask(what, ...[about]) {
      const ended = new AbortController()
      const onExit = (): void => ended.abort(new Error('a process of charge points has ended'))
      child.once('exit', onExit)
      try {
        child.send({ what, about })
        const [reply] = await once(child, 'message', { signal: ended.signal })
        if ('failed' in reply) throw new Error(`${what}: ${reply.failed}`)
        return reply.answer
      } finally {
        child.off('exit', onExit)
      }
    },
    stop: () => endChild(child),
  }
}
