import t from 'tap'
import { parseOptions } from '../../../simulators/vehicles/options.ts'

t.test('defaults', async (t) => {
  t.strictSame(parseOptions([]), {
    kind: 'run',
    options: {
      broker: 'mqtt://127.0.0.1:1883',
      vehicles: 20,
      connections: 20,
      speedup: 1,
      intervalS: 2,
      seed: '1',
      durationS: undefined,
      tripsThenExit: undefined,
      connectTimeoutS: 60,
      username: undefined,
      password: undefined,
      quiet: false,
    },
  })
})

t.test('one connection per vehicle up to 200, then they share', async (t) => {
  const connections = (...args: string[]) => {
    const parsed = parseOptions(args)
    return parsed.kind === 'run' ? parsed.options.connections : undefined
  }
  t.equal(connections('--vehicles', '150'), 150)
  t.equal(connections('--vehicles', '10000'), 200)
  t.equal(connections('--vehicles', '10000', '--connections', '50'), 50)
  t.equal(connections('--vehicles', '3', '--connections', '50'), 3)
})

t.test('a password from either place brings a user name along', async (t) => {
  t.match(parseOptions(['--password', 'x']), { options: { username: 'simulator', password: 'x' } })
  t.match(parseOptions([], { SIMULATOR_PASSWORD: 'y', SIMULATOR_USERNAME: 'me' }), {
    options: { username: 'me', password: 'y' },
  })
})

t.test('a wrong option is one line that names it', async (t) => {
  const cases: [args: string[], named: RegExp][] = [
    [['--vehicles'], /--vehicles/],
    [['--vehicles', '--quiet'], /--vehicles.* missing/],
    [['--vehicles', 'many'], /--vehicles must be a whole number from 1 to 50000, not "many"/],
    [['--vehicles', '1.5'], /--vehicles/],
    [['--speedup', '0'], /--speedup must be a number from/],
    [['--speedup', ''], /--speedup/],
    [['--interval', '-1'], /--interval/],
    [['--interval', 'NaN'], /--interval/],
    [['--broker', 'localhost:1883'], /--broker must be a URL/],
    [['--broker', 'http://localhost'], /--broker/],
    [['--fast'], /Unknown option '--fast'/],
    [['--quiet=yes'], /--quiet/],
    [['200'], /'200'/],
  ]
  for (const [args, named] of cases) {
    const parsed = parseOptions(args)
    t.match(parsed, { kind: 'wrong', message: named }, args.join(' '))
    if (parsed.kind === 'wrong') t.notMatch(parsed.message, /\n/)
  }
})
