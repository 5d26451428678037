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

/** Stopped after the test. */
export async function startRestartable(
  t: { after(close: () => unknown): void },
  start: (port: number) => Promise<Engine>,
): Promise<Restartable> {
  let engine = await start(0)
  const { url, port } = engine
  t.after(() => engine.stop())
  return {
    url,
    kill: () => engine.kill(),
    stop: () => engine.stop(),
    async start() {
      engine = await start(port)
    },
  }
}
