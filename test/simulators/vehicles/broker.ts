import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Aedes, type AedesOptions } from 'aedes'
import type { Test } from 'tap'

export interface Received {
  readonly topic: string
  readonly qos: number
  readonly body: Record<string, unknown>
}

/** A real broker in this process that remembers what clients published. */
export interface TestBroker {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  /** Resolves as soon as what has been received satisfies the condition. */
  waitFor(condition: (received: readonly Received[]) => boolean): Promise<void>
  stop(): Promise<void>
}

export async function startBroker(
  t: Test,
  options: AedesOptions = {},
  port = 0,
): Promise<TestBroker> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const aedes = await Aedes.createBroker({
    ...options,
    // Shortly after the PUBACK: a test that counts has to wait for the number.
    published: (packet, client, done) => {
      if (client !== null) {
        const body = JSON.parse(packet.payload.toString()) as Record<string, unknown>
        received.push({ topic: packet.topic, qos: packet.qos, body })
        for (const check of waiting) check()
      }
      done()
    },
  })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo

  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    server.close()
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => aedes.close(resolve))
  }
  t.teardown(stop)
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    port: address.port,
    received,
    waitFor: (condition) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!condition(received)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    stop,
  }
}
