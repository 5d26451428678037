import t from 'tap'
import { parseOptions, type SimulatorOptions } from '../../../simulators/vehicles/options.ts'
import { runSimulation } from '../../../simulators/vehicles/simulation.ts'
import { until } from '../../helpers/until.ts'
import { startBroker } from './broker.ts'

function readOptions(...args: string[]): SimulatorOptions {
  const parsed = parseOptions(args)
  if (parsed.kind !== 'run') throw new Error('wrong options')
  return parsed.options
}

t.test('what is on its way when the fleet is stopped still arrives', async (t) => {
  const held: (() => void)[] = []
  let holding = false
  const broker = await startBroker(t, {
    authorizePublish: (_client, _packet, done) => {
      if (holding) held.push(() => done(null))
      else done(null)
    },
  })
  const options = readOptions('--broker', broker.url, '--vehicles', '2', '--speedup', '20')
  const stop = new AbortController()
  const text = { out: '', err: '' }
  const ended = runSimulation(
    options,
    stop.signal,
    { write: (more: string) => (text.out += more) },
    { write: (more: string) => (text.err += more) },
  )
  await broker.waitFor((received) => received.some(({ topic }) => topic.endsWith('/cardata')))
  holding = true
  await until(() => held.length >= 2, { what: 'messages of both vehicles on their way' })
  stop.abort('enough')
  holding = false
  for (const release of held.splice(0)) release()

  t.equal(await ended, 0, text.err)
  t.match(text.out, /^Stopped after .* \(enough\)\.\n/)
  t.match(text.out, /^ {2}unacknowledged +0$/m)
  t.match(text.out, /^ {2}dropped unsent +0$/m)
})
