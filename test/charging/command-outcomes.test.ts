import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { type RunningFleetgrid, startFleetgrid } from '../helpers/fleetgrid.ts'
import { Station } from '../helpers/ocpp.ts'
import { until } from '../helpers/until.ts'

// How an operator hears what became of a command, over REST: by asking, by events, by webhook.

const PATH = '/charge-points/CP-1/commands'
const CLEAR = { kind: 'clear-cache', parameters: {} }
const BOOT = { chargePointVendor: 'Vendor', chargePointModel: 'Model' }

async function connect({ httpUrl }: RunningFleetgrid, id = 'CP-1'): Promise<Station> {
  const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/ocpp/${id}`, ['ocpp1.6'])
  const station = new Station(socket)
  await once(socket, 'open')
  return station
}

async function answerNext(station: Station): Promise<string> {
  const [, id, action] = await station.next()
  station.send([3, id, { status: 'Accepted' }])
  return action
}

/** The whole text of a stream, when it has ended. */
async function stream(t: Test, { httpUrl, token }: RunningFleetgrid, path: string) {
  const headers = { authorization: `Bearer ${await token('operator')}` }
  const answer = await fetch(`${httpUrl}${path}`, { headers })
  t.match(answer.headers.get('content-type'), /^text\/event-stream/)
  const decoder = new TextDecoder()
  let text = ''
  const read = async () => {
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk, { stream: true })
  }
  const ended = read()
  return { text: () => text, ended }
}

t.test('one command as events, to its outcome', async (t) => {
  const service = await startFleetgrid(t)
  await service.send('PUT', '/charge-points/CP-1', {})
  const { body } = await service.send('POST', PATH, CLEAR)
  const { text, ended } = await stream(t, service, `/commands/${body.id}/events`)
  await until(() => /event: command\ndata: .*"state":"queued"/.test(text()))
  const station = await connect(service)
  t.equal(await answerNext(station), 'ClearCache')
  await ended
  t.match(text(), /"state":"accepted".*"answer":\{"status":"Accepted"\}.*\n\n$/)
  t.notMatch(text(), /attemptsLeft|coalesceKey/)
  t.equal((await service.get('/commands/nobody/events')).status, 404)
  t.equal((await service.get(`/commands/${body.id}/events`, 'viewer')).status, 403)
  t.equal((await service.get('/commands/events?nonsense=1')).status, 400)
})

t.test('the outcomes of a charge point as events, until the service stops', async (t) => {
  const service = await startFleetgrid(t)
  const station = await connect(service)
  await station.ask([2, '1', 'BootNotification', BOOT])
  const { text, ended } = await stream(t, service, '/commands/events?chargePointId=CP-1')
  await until(() => text().includes('event: ready'))
  const { body } = await service.send('POST', PATH, CLEAR)
  await answerNext(station)
  await until(() => text().includes(`"id":"${body.id}"`))
  await service.fleetgrid.drain()
  await service.fleetgrid.close()
  await ended
  t.match(text(), /event: bye\ndata: .*stopping/)
})

t.test('webhooks: who is told, and who is refused', async (t) => {
  const posts: unknown[] = []
  const receiver = createServer(async (request, response) => {
    posts.push(await json(request))
    response.end()
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => receiver.close())
  const host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const service = await startFleetgrid(t, {
    WEBHOOK_HOSTS: host,
    WEBHOOK_SECRET: 'a secret of at least 32 characters',
  })
  const station = await connect(service)
  const webhookUrl = `http://${host}/hook`
  const { body } = await service.send('POST', PATH, { ...CLEAR, webhookUrl })
  t.match(body.webhook, { url: webhookUrl, state: 'waiting', attempts: 0 })
  await answerNext(station)
  await until(() => posts.length === 1)
  t.match(posts, [{ id: body.id, state: 'accepted' }])
  const webhook = async () => (await service.get(`/commands/${body.id}`)).body.webhook
  await until(async () => (await webhook()).state === 'delivered')
  t.equal(await service.metric(/^fleetgrid_charging_webhooks_total\{outcome="delivered"\}/), 1)
  const refused = await service.send('POST', PATH, {
    ...CLEAR,
    webhookUrl: 'https://169.254.169.254/',
  })
  t.match(refused, { status: 400, body: { detail: /WEBHOOK_HOSTS doesn’t name 169/ } })
  const without = await startFleetgrid(t)
  await without.send('PUT', '/charge-points/CP-1', {})
  const unset = await without.send('POST', PATH, { ...CLEAR, webhookUrl: 'https://example.com/' })
  t.match(unset, { status: 400, body: { detail: /the variable WEBHOOK_HOSTS names no host/ } })
})

t.test('a pending charge point gets what it may, after its boot', async (t) => {
  const service = await startFleetgrid(t, { OCPP_SELF_REGISTRATION: 'pending' })
  const station = await connect(service)
  const start = { kind: 'start-charging', parameters: { tokenUid: 'X' } }
  await service.send('POST', PATH, start)
  await service.send('POST', PATH, { kind: 'get-variables', parameters: {} })
  const asked = await station.ask([2, '1', 'BootNotification', BOOT])
  t.match(asked, [3, '1', { status: 'Pending' }], 'nothing was sent before')
  const [, id, action] = await station.next()
  t.equal(action, 'GetConfiguration')
  station.send([3, id, { configurationKey: [], unknownKey: [] }])
  await service.send('PUT', '/charge-points/CP-1', { registration: 'accepted' })
  await station.ask([2, '2', 'BootNotification', BOOT])
  t.equal(await answerNext(station), 'RemoteStartTransaction')
})
