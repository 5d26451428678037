import t, { type Test } from 'tap'
import { createCounts } from '../../../simulators/charge-points/counts.ts'
import { createProgress } from '../../../simulators/charge-points/progress.ts'
import { until } from '../../helpers/until.ts'
import { readSummary, startSimulator as start } from '../start-simulator.ts'
import { startCsms } from './stub-csms.ts'

function startSimulator(t: Test, args: string[], env: Record<string, string> = {}) {
  return start(t, 'charge-points/simulate.ts', args, env)
}

t.test('both versions charge, and end what they began when they are stopped', async (t) => {
  const csms = await startCsms(t)
  const simulator = startSimulator(t, [
    ...['--url', csms.url, '--count', '6', '--protocol', 'mixed', '--speed', '600'],
    ...['--sessions-per-hour', '20', '--seed', '7', '--offline-rate', '0', '--fault-rate', '0'],
  ])
  const started = () =>
    csms.received.filter(
      ({ action, payload }) => action === 'StartTransaction' || payload.eventType === 'Started',
    ).length
  const ended = () =>
    csms.received.filter(
      ({ action, payload }) => action === 'StopTransaction' || payload.eventType === 'Ended',
    ).length
  await until(() => started() > ended() && ended() > 0)
  simulator.terminate()
  t.equal(await simulator.exitCode(), 0, simulator.text.err)
  t.ok(
    csms.received.some(
      ({ payload }) =>
        payload.reason === 'PowerLoss' || payload.transactionInfo?.stoppedReason === 'PowerLoss',
    ),
  )
  t.equal(started(), ended())
  t.equal(readSummary(simulator.text.out, 'sessions started'), started())
  t.equal(readSummary(simulator.text.out, 'transaction messages lost'), 0)
  t.equal(readSummary(simulator.text.out, 'calls sent'), csms.received.length)
  t.same(csms.faults, [])
  t.equal(csms.client('CP-0001').protocol, 'ocpp1.6')
  t.equal(csms.client('CP-0002').protocol, 'ocpp2.0.1')
})

t.test('the address of the environment, the cards of the list, --duration', async (t) => {
  const csms = await startCsms(t)
  const simulator = startSimulator(
    t,
    [
      ...['--count', '1', '--connectors', '1', '--id-tag', 'ONE,TWO', '--duration', '2', '--quiet'],
      ...['--speed', '1000', '--sessions-per-hour', '60'],
    ],
    { BACKEND_HOSTNAME: '127.0.0.1', BACKEND_PORT: String(csms.port) },
  )
  t.equal(await simulator.exitCode(), 0, simulator.text.err)
  t.match(simulator.text.out, /^Stopped after .* \(--duration\)/)
  const cards = csms.of('CP-0001', 'Authorize').map(({ payload }) => payload.idTag)
  t.ok(cards.length > 0 && cards.every((card) => card === 'ONE'), `${cards}`)
})

t.test('no server: says so, gives up, exits 1', async (t) => {
  const csms = await startCsms(t)
  await csms.stop()
  const simulator = startSimulator(t, ['--url', csms.url, '--connect-timeout', '0.5'])
  t.equal(await simulator.exitCode(), 1)
  t.match(simulator.text.err, /CP-0001 .*ECONNREFUSED.*make dev.*Trying again/)
  t.equal(simulator.text.err.split('Trying again').length, 2, 'told once for all')
  t.match(simulator.text.err, /Gave up/)
})

t.test('no password: says what to do', async (t) => {
  const csms = await startCsms(t, { admit: (_id, authorization) => (authorization ? 200 : 401) })
  const without = startSimulator(t, ['--url', csms.url, '--connect-timeout', '1'])
  t.equal(await without.exitCode(), 1)
  t.match(without.text.err, /HTTP 401.*--password/)
  const withOne = startSimulator(t, ['--url', csms.url, '--password', 'secret', '--duration', '1'])
  t.equal(await withOne.exitCode(), 0)
  t.notMatch(withOne.text.out + withOne.text.err, /secret/)
})

t.test('help teaches, a wrong argument exits 2 with one line', async (t) => {
  const help = startSimulator(t, ['--help'])
  t.equal(await help.exitCode(), 0)
  t.match(help.text.out, /npm run simulate:charge-points -- --count 50 --speed 60/)
  const wrong = startSimulator(t, ['--count', '0'])
  t.equal(await wrong.exitCode(), 2)
  t.match(wrong.text.err, /^--count must be .*\n$/)
})

t.test('progress: one line a second on a terminal, one in ten elsewhere', async (t) => {
  const state = { stations: 3, connected: 2, charging: 1, powerW: 10_940, queued: 4 }
  const lines = (isTTY: boolean) => {
    const written: string[] = []
    const counts = { ...createCounts(), messages: 50, callErrors: 1, timeouts: 1 }
    const output = { isTTY, columns: 200, write: (text: string) => written.push(text) }
    const progress = createProgress(output, output, counts, false)
    for (let second = 1; second <= 10; second++) progress.refresh(second * 1000, state)
    return written
  }
  t.equal(lines(true).length, 10)
  t.same(lines(false), [
    '00:00:10  connected 2/3  charging 1  10.9 kW  5 messages/s  errors 2  queued 4\n',
  ])
})
