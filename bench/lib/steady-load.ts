import { setTimeout as pause } from 'node:timers/promises'
import { encodePublish, type Message, onPubacks, openConnection } from './mqtt-load.ts'

// A publisher that keeps to its rate whatever becomes of the messages, so that a contestant that is
// slow for a moment has to show it in its latencies. Each message is made when it is sent.

export interface SteadyOptions {
  readonly host: string
  readonly port: number
  readonly connections: number
  readonly messages: number
  readonly perSecond: number
  readonly clientName: string
  /** Message number `index`, about to be sent. */
  readonly message: (index: number) => Message
}

const TICK_MS = 1

/** Resolves when the broker has acknowledged every message; gives the seconds that sending took. */
export async function publishSteadily(options: SteadyOptions): Promise<number> {
  const { connections, messages, perSecond } = options
  const sockets = await Promise.all(
    Array.from({ length: connections }, (_, number) =>
      openConnection(options, `${options.clientName}-${number}`),
    ),
  )
  let acknowledged = 0
  for (const socket of sockets) {
    onPubacks(socket, (packetIds) => {
      acknowledged += packetIds.length
    })
  }
  const startedAt = performance.now()
  const elapsed = (): number => (performance.now() - startedAt) / 1000
  for (let sent = 0; sent < messages; await pause(TICK_MS)) {
    const due = Math.min(messages, Math.floor(elapsed() * perSecond) + 1)
    for (; sent < due; sent += 1) {
      const onConnection = Math.floor(sent / connections)
      const packet = encodePublish(options.message(sent), onConnection)
      sockets[sent % connections]?.write(packet)
    }
  }
  const seconds = elapsed()
  while (acknowledged < messages) {
    if (sockets.some(({ closed }) => closed)) throw new Error('the broker closed a connection')
    await pause(TICK_MS)
  }
  for (const socket of sockets) socket.destroy()
  return seconds
}
