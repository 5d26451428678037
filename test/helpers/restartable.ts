import type { Engine } from '../engines/engine.ts'

/** An engine that goes away and comes back on the same port, with its data. */
export interface Restartable {
  readonly url: string
  /** As a crash does: SIGKILL. */
  kill(): Promise<void>
  /** As an operator does: what is in memory is saved. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** Stopped after the test, by `teardown`: on a file's root it, unlike `after`, lets the file end. */
export async function startRestartable(
  t: { teardown(close: () => unknown): void },
  start: (port: number) => Promise<Engine>,
): Promise<Restartable> {
  let engine = await start(0)
  const { url, port } = engine
  t.teardown(() => engine.stop())
  return {
    url,
    kill: () => engine.kill(),
    stop: () => engine.stop(),
    async start() {
      engine = await start(port)
    },
  }
}
