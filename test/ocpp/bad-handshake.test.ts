import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { countOf, startGateway } from '../helpers/ocpp.ts'

// A handshake that fails must not have touched anything, and least of all the connection that works.

const HEADERS = {
  Host: 'x',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol': 'ocpp1.6',
}

/** @returns the status line and what follows, as far as it has come at once */
async function shake(port: number, path: string, headers: object): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const lines = Object.entries({ ...HEADERS, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const [data] = await once(socket, 'data')
  socket.destroy()
  return String(data)
}

t.test('headers that can’t be read: refused before anybody is asked who it is', async (t) => {
  const asked: string[] = []
  const test = await startGateway(t, {
    async admit(id, { protocol }) {
      asked.push(id)
      const epoch = asked.length
      return { session: { id, protocol, epoch, registration: 'accepted', lastSeenAt: 0 } }
    },
  })
  const station = await test.connect('CP1')
  const wrong: object[] = [
    { 'Sec-WebSocket-Protocol': 'ocpp1.6,,ocpp2.0.1' },
    { 'Sec-WebSocket-Protocol': 'ocpp1.6,' },
    { 'Sec-WebSocket-Protocol': 'ocpp1.6, ocpp1.6' },
    { 'Sec-WebSocket-Protocol': 'ocpp1.6, ocpp 2' },
    { 'Sec-WebSocket-Extensions': 'permessage-deflate; =' },
    { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' },
    { 'Sec-WebSocket-Key': 'short' },
    { 'Sec-WebSocket-Version': '12' },
  ]
  for (const headers of wrong) {
    const what = JSON.stringify(headers)
    t.match(await shake(test.port, '/ocpp/CP1', headers), /^HTTP\/1\.1 400 [\s\S]*RFC 6455/, what)
  }
  t.strictSame(asked, ['CP1'])
  t.match(await station.ask([2, 'a', 'Heartbeat', {}]), [3, 'a'], 'it is still served')
  const refused = { outcome: 'not-websocket' }
  t.equal(await countOf(test, 'fleetgrid_ocpp_handshakes_total', refused), wrong.length)
})

t.test('what is odd and can be read is let in', async (t) => {
  const test = await startGateway(t)
  const odd: object[] = [
    { 'Sec-WebSocket-Protocol': 'other ,\tocpp1.6' },
    { 'Sec-WebSocket-Extensions': 'x-other; a="b", permessage-deflate; client_max_window_bits' },
  ]
  for (const headers of odd) {
    t.match(await shake(test.port, '/ocpp/CP1', headers), /^HTTP\/1\.1 101 /)
  }
})

t.test('steps of a path are nobody’s id, encoded or not', async (t) => {
  const test = await startGateway(t)
  for (const path of ['/ocpp/..', '/ocpp/.', '/ocpp/%2E%2e', '/ocpp/%2e/']) {
    t.match(await shake(test.port, path, {}), /^HTTP\/1\.1 404 /, path)
  }
  t.match(await shake(test.port, '/ocpp/...', {}), /^HTTP\/1\.1 101 /)
})
