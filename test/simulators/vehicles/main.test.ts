import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { readSummary, startSimulator as start } from '../start-simulator.ts'
import { type Received, startBroker } from './broker.ts'

function startSimulator(t: Test, ...args: string[]) {
  return start(t, 'vehicles/main.ts', args)
}

function isTrip({ topic }: Received): boolean {
  return topic.endsWith('/trip')
}

t.test('a small fleet is provisioned, drives, and leaves in good order', async (t) => {
  const broker = await startBroker(t)
  const simulator = startSimulator(
    t,
    ...['--broker', broker.url, '--vehicles', '3', '--connections', '2'],
    ...['--speedup', '1000', '--interval', '50', '--seed', '7'],
  )
  await broker.waitFor((received) => received.some(isTrip) && received.length > 100)
  simulator.terminate()
  t.equal(await simulator.exitCode(), 0, simulator.text.err)

  const acknowledged = readSummary(simulator.text.out, 'acknowledged')
  await broker.waitFor((received) => received.length >= acknowledged)
  t.ok(broker.received.every(({ qos }) => qos === 1))
  t.equal(acknowledged, broker.received.length, 'all that the broker saw, nothing else')
  t.equal(readSummary(simulator.text.out, 'published'), acknowledged)
  for (const title of ['unacknowledged', 'failed', 'dropped unsent', 'reconnects']) {
    t.equal(readSummary(simulator.text.out, title), 0, title)
  }
  checkProvisioning(t, broker.received)
  checkStamps(t, broker.received)
})

/** Of each vehicle: group, create, attach, installed, and only then telemetry. */
function checkProvisioning(t: Test, received: readonly Received[]): void {
  const groups = received.filter(({ topic }) => topic.includes('/groups/'))
  t.equal(groups.length, 3)
  for (const { body } of groups) {
    const vin = String(body['objectId']).slice('/auto/vehicles/'.length).toUpperCase()
    const path = body['objectId']
    const attached = received.findIndex(
      ({ body }) =>
        (body['attributes'] as Record<string, unknown> | undefined)?.['attachedToGroup'] === path,
    )
    const device = `/devices/${received[attached]?.body['objectId']}/`
    const installed = received.findLastIndex(({ topic }) => topic.includes(device))
    const firstReport = received.findIndex(({ body }) => body['VIN'] === vin)
    const created = received.findIndex(({ topic }) => topic.includes(device))
    const order = [received.findIndex(({ body }) => body['objectId'] === path), created]
    order.push(attached, installed, firstReport)
    t.ok(order.every((position) => position >= 0) && isAscending(order), `${vin}: ${order}`)
    t.match(received[installed]?.body['payload'], /"status":"installed","softwareVersion":"/)
  }
}

/** However fast the fleet drives, its clocks are right. */
function checkStamps(t: Test, received: readonly Received[]): void {
  const stamps = received
    .filter(({ topic }) => topic.endsWith('/cardata'))
    .map(({ body }) => Date.parse(String(body['SendTimeStamp'])))
  t.ok(stamps.length > 0)
  t.ok(stamps.every((stamp) => stamp <= Date.now() + 1000 && stamp > Date.now() - 600_000))
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? value))
}

t.test('--trips-then-exit ends by itself', async (t) => {
  const broker = await startBroker(t)
  const simulator = startSimulator(
    t,
    ...['--broker', broker.url, '--vehicles', '2', '--speedup', '1000', '--quiet'],
    ...['--interval', '50', '--trips-then-exit', '1'],
  )
  t.equal(await simulator.exitCode(), 0, simulator.text.err)
  t.ok(broker.received.filter(isTrip).length >= 1)
  t.match(simulator.text.out, /^Stopped after .* trips\)\.\n/)
})

t.test('a broker that comes late is waited for', async (t) => {
  const early = await startBroker(t)
  await early.stop()
  const simulator = startSimulator(t, '--broker', early.url, '--vehicles', '1', '--quiet')
  await until(() => simulator.text.err.includes("Can't reach"))
  const broker = await startBroker(t, {}, early.port)
  await broker.waitFor((received) => received.length > 0)
  simulator.terminate()
  t.equal(await simulator.exitCode(), 0, simulator.text.err)
})

t.test('no broker: says so, gives up, exits 1', async (t) => {
  const broker = await startBroker(t)
  await broker.stop()
  const simulator = startSimulator(t, '--broker', broker.url, '--connect-timeout', '0.5')
  t.equal(await simulator.exitCode(), 1)
  t.match(simulator.text.err, /Can't reach mqtt:\/\/127.0.0.1:\d+: .*ECONNREFUSED.*make dev/)
  t.match(simulator.text.err, /Gave up: no connection/)
})

t.test('not authorised: says so, exits 1', async (t) => {
  const broker = await startBroker(t, {
    authenticate: (_client, _username, password, done) =>
      done(null, password?.toString() === 'right'),
  })
  const without = startSimulator(t, '--broker', broker.url, '--vehicles', '1')
  t.equal(await without.exitCode(), 1)
  t.match(
    without.text.err,
    /refused the connection: Not authorized.*give --username and --password/,
  )
  const wrong = startSimulator(t, '--broker', broker.url, '--vehicles', '1', '--password', 'wrong')
  t.equal(await wrong.exitCode(), 1)
  t.match(wrong.text.err, /Check --username and --password/)
  t.notMatch(wrong.text.err, /wrong/)
})

t.test('help teaches, a wrong option exits 2 with one line', async (t) => {
  const help = startSimulator(t, '--help')
  t.equal(await help.exitCode(), 0)
  t.match(help.text.out, /npm run simulate:vehicles -- --vehicles 200 --speedup 10/)
  const wrong = startSimulator(t, '--vehicles', '0')
  t.equal(await wrong.exitCode(), 2)
  t.match(wrong.text.err, /^--vehicles must be .*\n$/)
  t.equal(wrong.text.out, '')
})
