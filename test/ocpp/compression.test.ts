import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { COMPRESSION, releaseInflater } from '../../src/ocpp/compression.ts'

/** What `ws` keeps of the extension; if this fails after an update, so does `releaseInflater`. */
function contextsOf(socket: WebSocket): { _inflate: unknown } {
  return (socket as any)._extensions['permessage-deflate']
}

/** A client that compresses everything, and the socket of ours that it has reached. */
async function connect(t: Test): Promise<{ client: WebSocket; socket: WebSocket }> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: COMPRESSION ?? false,
  })
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: { threshold: 0 } })
  t.after(() => client.terminate())
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open')
  return { client, socket }
}

t.test('between messages there is nothing that reads them', async (t) => {
  const { client, socket } = await connect(t)
  const long = 'x'.repeat(100_000)
  for (let round = 0; round < 3; round += 1) {
    client.send(long)
    const [message] = await once(socket, 'message')
    t.equal(String(message), long)
    t.ok(contextsOf(socket)._inflate)
    releaseInflater(socket)
    t.notOk(contextsOf(socket)._inflate)
  }
  releaseInflater(socket)
  releaseInflater(new WebSocket(null as never, undefined, {}))
})

t.test('fragments of several messages, one after the other', async (t) => {
  const { client, socket } = await connect(t)
  const heard: string[] = []
  const all = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      releaseInflater(socket)
      heard.push(String(data))
      if (heard.length === 50) resolve()
    })
  })
  const sent = Array.from({ length: 50 }, (_, n) => `${n}`.repeat(500))
  for (const text of sent) {
    client.send(text.slice(0, 300), { fin: false })
    client.send(text.slice(300), { fin: true })
  }
  await all
  t.strictSame(heard, sent)
})
