import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { type WebSocket, WebSocketServer } from 'ws'
import { until } from '../../helpers/until.ts'
import { PROTOCOLS, startStation, VERSIONS } from './stations.ts'

// Servers are written by people: whatever they say, the stations of this process go on.

const ANSWERS: readonly ((id: string) => unknown)[] = [
  (id) => [3, id],
  (id) => [3, id, null],
  (id) => [3, id, []],
  (id) => [3, id, 'yes'],
  (id) => [3, id, { transactionId: {}, idTagInfo: null, idTokenInfo: 7 }],
  (id) => [4, id],
  (id) => [4, id, null, {}],
]
const PAYLOADS = [undefined, null, 5, 'x', [], {}]
const NO_WAITING = [
  'TransactionMessageRetryInterval',
  'OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]',
]
const BOOT = { status: 'Accepted', currentTime: 'now', interval: 'soon' }

/** Answers every boot as it should be answered, or not, and all else with nonsense, one kind after the other. */
async function startNonsense(t: Test, boot: object) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  await once(server, 'listening')
  const answered = new Set<string>()
  let told = 0
  let boots = 0
  let socket: WebSocket | undefined
  server.on('connection', (newest) => {
    socket = newest
    newest.on('message', (data) => {
      const [type, id, action] = JSON.parse(String(data))
      if (type !== 2) {
        answered.add(id)
        return
      }
      const nonsense = ANSWERS[told++ % ANSWERS.length]
      if (action === 'BootNotification') boots++
      newest.send(JSON.stringify(action === 'BootNotification' ? [3, id, boot] : nonsense?.(id)))
    })
  })
  const send = (frame: unknown) => socket?.send(JSON.stringify(frame))
  let calls = 0
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`,
    send,
    boots: () => boots,
    /** Resolves once it is answered, however. */
    async call(action: string, payload: unknown): Promise<void> {
      const id = `call-${calls++}`
      send([2, id, action, payload])
      await until(() => answered.has(id), { what: `an answer to ${action}` })
    },
  }
}

for (const protocol of VERSIONS) {
  t.test(`${protocol}: a server that talks nonsense stops nothing`, async (t) => {
    const server = await startNonsense(t, BOOT)
    const { station, counts } = startStation(t, server.url, { protocol })
    await until(() => station.isOnline)
    for (const name of NO_WAITING) station.settings.change(name, '0')
    const [evse] = station.evses
    for (let session = 0; session < ANSWERS.length; session++) {
      void evse?.startRemotely({ token: 'A' })
      await until(() => counts.sessionsStarted > session)
      evse?.stop('local')
      evse?.release()
    }
    await until(() => station.queue.size === 0, { what: 'all being told' })
    for (const frame of [{}, 7, [], [2], [3], [9, 'x'], [2, null, null, null]]) server.send(frame)
    // It goes away after a Reset, as it should.
    const { Reset: _, ...commands } = PROTOCOLS[protocol].speak(station).commands
    for (const action of Object.keys(commands)) {
      for (const payload of PAYLOADS) await server.call(action, payload)
    }
    await server.call('GetLocalListVersion', {})
    t.ok(counts.badFrames > 0)
  })

  t.test(`${protocol}: a wait that is none does not make it boot all the time`, async (t) => {
    const server = await startNonsense(t, { ...BOOT, status: 'Rejected' })
    startStation(t, server.url, { protocol })
    await until(() => server.boots() > 0)
    for (let call = 0; call < 30; call++) await server.call('GetLocalListVersion', {})
    t.equal(server.boots(), 1)
  })
}
