import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { pino } from 'pino'
import t from 'tap'
import { createConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { createFleetgrid, type Fleetgrid } from '../../src/fleetgrid.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { makeDatabase } from '../helpers/engines.ts'
import { until } from '../helpers/until.ts'

interface Started {
  readonly fleetgrid: Fleetgrid
  readonly reasons: string[]
}

async function prepare(dataDir: string, databaseUrl: URL): Promise<Started> {
  const reasons: string[] = []
  const write = (line: string): void => void reasons.push(JSON.parse(line).reason)
  const secret = { CHARGE_POINT_KEY_SECRET: 'the same for all instances of a test' }
  const env = { DATA_DIR: dataDir, HTTP_PORT: '0', MQTT_PORT: '0', DATABASE: 'postgres', ...secret }
  const config = createConfig(readEnv({ ...env, DATABASE_URL: databaseUrl.href }))
  const logger = pino({ level: 'warn' }, { write })
  return { fleetgrid: await createFleetgrid(config, { logger }), reasons }
}

t.test('PostgreSQL comes up after this instance', async (t) => {
  const url = new URL(await makeDatabase(t))
  const target = Number(url.port)
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const upstream = connect(target, url.hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.pipe(upstream).pipe(client)
  })
  t.teardown(() => {
    proxy.close()
    for (const socket of sockets) socket.destroy()
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const { port } = address
  proxy.close()

  const through = new URL(url)
  through.host = `127.0.0.1:${port}`
  const { fleetgrid, reasons } = await prepare(engineFolder(t), through)
  const started = fleetgrid.start()
  await until(() => reasons.length > 0, { what: 'waiting' })
  t.match(reasons, [/Can't open the database at 127\.0\.0\.1:\d+\/\w+: .*ECONNREFUSED/])
  proxy.listen(port, '127.0.0.1')
  await started
  const ready = await fetch(`${fleetgrid.urls().http}/ready`)
  t.same(await ready.json(), { status: 'ready', problems: [] })
  await fleetgrid.drain()
  await fleetgrid.close()
})

t.test('a database or user that does not exist fails at once, with advice', async (t) => {
  const missing = new URL(await makeDatabase(t))
  missing.pathname = '/there-is-none'
  const { fleetgrid, reasons } = await prepare(engineFolder(t), missing)
  await t.rejects(fleetgrid.start(), /there-is-none.*create that database, or name another/)
  t.same(reasons, [])
  const stranger = new URL(await makeDatabase(t))
  stranger.username = 'stranger'
  stranger.password = 'secret'
  const other = await prepare(engineFolder(t), stranger)
  await t.rejects(other.fleetgrid.start(), /check the user and password in DATABASE_URL/)
  t.same(other.reasons, [])
})
