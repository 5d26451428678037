import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { engineFolder } from '../helpers/engine-folder.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { Station } from '../helpers/ocpp.ts'
import { createService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// Commands on two instances with one PostgreSQL: whichever is asked, whichever has the charge point.

const PATH = '/charge-points/CP-1/commands'
const CLEAR = { kind: 'clear-cache', parameters: {} }

async function sharedEnv(t: Test): Promise<Record<string, string>> {
  return {
    DATABASE: 'postgres',
    DATABASE_URL: await makeDatabase(t),
    DATABASE_TLS: 'off',
    CHARGE_POINT_KEY_SECRET: 'the same secret for all instances of a system',
    FLEETGRID_ROLES: 'charging',
  }
}

async function boot(httpUrl: string): Promise<Station> {
  const socket = new WebSocket(`${httpUrl.replace('http', 'ws')}/ocpp/CP-1`, ['ocpp1.6'])
  const station = new Station(socket)
  await once(socket, 'open')
  const boot = { chargePointVendor: 'Vendor', chargePointModel: 'Model' }
  await station.ask([2, 'boot', 'BootNotification', boot])
  return station
}

t.test('an outcome is told by events of any instance, and by one webhook', async (t) => {
  const posts: any[] = []
  const receiver = createServer(async (request, response) => {
    posts.push(await json(request))
    response.end()
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.teardown(() => receiver.close())
  const host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`
  const webhooks = { WEBHOOK_HOSTS: host, WEBHOOK_SECRET: 'a secret of at least 32 characters' }
  const env = { ...(await sharedEnv(t)), ...webhooks }
  const [one, other] = [await startFleetgrid(t, env), await startFleetgrid(t, env)]
  const station = await boot(other.httpUrl)

  const headers = { authorization: `Bearer ${await one.token('operator')}` }
  const stream = await fetch(`${one.httpUrl}/commands/events`, { headers })
  let events = ''
  const reading = (async () => {
    for await (const chunk of stream.body ?? []) events += Buffer.from(chunk).toString()
  })()
  await until(() => events.includes('event: ready'))
  const ids: string[] = []
  for (let round = 0; round < 20; round += 1) {
    const request = { ...CLEAR, webhookUrl: `http://${host}/hook` }
    const { body } = await (round % 2 === 0 ? one : other).send('POST', PATH, request)
    ids.push(body.id)
    const [, id] = await station.next()
    station.send([3, id, { status: 'Accepted' }])
  }
  await until(() => ids.every((id) => events.includes(`"id":"${id}"`)))
  const delivered = async (id: string) =>
    (await one.get(`/commands/${id}`)).body.webhook.state === 'delivered'
  for (const id of ids) await until(() => delivered(id))
  t.strictSame(posts.map(({ id }) => id).toSorted(), ids.toSorted(), 'each once')
  await one.fleetgrid.drain()
  await one.fleetgrid.close()
  await reading
  t.match(events, /event: bye/)
})

t.test('settings that are changed at one instance count at the other at once', async (t) => {
  const env = await sharedEnv(t)
  const [one, other] = [await startFleetgrid(t, env), await startFleetgrid(t, env)]
  const station = await boot(other.httpUrl)
  await one.send('PUT', '/charge-points/CP-1', { note: 'nothing that matters to it' })
  t.match(await station.ask([2, '1', 'Heartbeat', {}]), [3, '1', {}])
  await one.send('PUT', '/charge-points/CP-1', { key: 'a new password of it' })
  t.match(await station.closed, { code: 1008, reason: /settings/ })
  await t.rejects(boot(other.httpUrl), /401/)
})

t.test('the instance dies while a charge point works on what may be repeated', async (t) => {
  const env = { ...(await sharedEnv(t)), LOG_LEVEL: 'error' }
  const folders = engineFolder(t, { one: {}, other: {} })
  const [one, other] = await Promise.all(
    ['one', 'other'].map(async (name) => {
      const service = await createService(t, { ...env, DATA_DIR: join(folders, name) })
      await service.start()
      return service
    }),
  )
  if (one === undefined || other === undefined) throw new Error('two services')
  const station = await boot(one.httpUrl)
  const { id } = await other.post(PATH, CLEAR)
  t.equal((await station.next())[2], 'ClearCache')
  await one.kill('SIGKILL')
  const back = await boot(other.httpUrl)
  const [, call, action] = await back.next()
  t.equal(action, 'ClearCache', 'it is sent again')
  back.send([3, call, { status: 'Accepted' }])
  t.match(await other.get(`/commands/${id}?wait=20`), { state: 'accepted' })
})
