import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { startTestApp } from '../helpers/app.ts'

const echo = (stream: NodeJS.ReadWriteStream) => void stream.pipe(stream)

async function start(t: Parameters<typeof startTestApp>[0]) {
  const { app } = await startTestApp(t, { deps: { mqttSocket: echo } })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const open = (path: string, protocols: string[]) =>
    new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols)
  return { app, open }
}

t.test('an MQTT client speaks over /mqtt, without a token', async (t) => {
  const { open } = await start(t)
  for (const protocol of ['mqtt', 'mqttv3.1']) {
    const socket = open('/mqtt', ['other', protocol])
    await once(socket, 'open')
    t.equal(socket.protocol, protocol)
    socket.send(Buffer.from([1, 2, 3]))
    const [message] = await once(socket, 'message')
    t.strictSame([...message], [1, 2, 3])
    socket.close()
    await once(socket, 'close')
  }
})

t.test('a message beyond the limit closes the connection', async (t) => {
  const { open } = await start(t)
  const socket = open('/mqtt', ['mqtt'])
  await once(socket, 'open')
  socket.send(Buffer.alloc(262_145))
  const [code] = await once(socket, 'close')
  t.equal(code, 1009)
})

t.test('other paths have no WebSocket, and /mqtt is nothing else', async (t) => {
  const { app, open } = await start(t)
  t.equal((await app.inject({ url: '/mqtt' })).statusCode, 404)
  const socket = open('/vehicles/VIN-A', ['mqtt'])
  const [error] = await once(socket, 'error')
  t.match(error.message, /401/)
})

t.test('closing the server closes its sockets, also those that don’t answer', async (t) => {
  const { app, open } = await start(t)
  const socket = open('/mqtt', ['mqtt'])
  await once(socket, 'open')
  const closed = once(socket, 'close')
  await app.close()
  t.equal((await closed)[0], 1001)
})
