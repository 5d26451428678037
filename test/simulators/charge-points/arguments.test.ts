import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseArguments } from '../../../simulators/charge-points/arguments.ts'
import { decodePassword, readPasswords } from '../../../simulators/charge-points/password.ts'

t.test('defaults', async (t) => {
  t.strictSame(parseArguments([]), {
    kind: 'run',
    arguments: {
      url: 'ws://127.0.0.1:8080/ocpp',
      count: 10,
      protocols: ['ocpp1.6'],
      connectors: 2,
      idPrefix: 'CP-',
      idTags: [],
      passwords: { byId: new Map(), other: undefined },
      compression: false,
      speed: 1,
      seed: '1',
      sessionsPerHour: 2,
      faultRate: 0.02,
      offlineRate: 0.02,
      durationS: undefined,
      connectTimeoutS: 60,
      quiet: false,
    },
  })
})

t.test('the address: argument, then environment', async (t) => {
  const url = (args: string[], environment: Record<string, string>) => {
    const parsed = parseArguments(args, environment)
    return parsed.kind === 'run' ? parsed.arguments.url : parsed
  }
  const environment = { BACKEND_HOSTNAME: 'csms.example.com' }
  t.equal(url([], environment), 'ws://csms.example.com:8080/ocpp')
  t.equal(url([], { ...environment, BACKEND_PORT: '443' }), 'wss://csms.example.com:443/ocpp')
  t.equal(url([], { BACKEND_HOSTNAME: '', BACKEND_PORT: '' }), 'ws://127.0.0.1:8080/ocpp')
  t.equal(url(['--url', 'wss://other/path/'], environment), 'wss://other/path')
})

t.test('both versions, cards, rates', async (t) => {
  const args = ['--protocol', 'mixed', '--id-tag', 'A,B', '--offline-rate', '0.5']
  t.match(parseArguments(args), {
    arguments: { protocols: ['ocpp1.6', 'ocpp2.0.1'], idTags: ['A', 'B'], offlineRate: 0.5 },
  })
})

t.test('passwords: of all, of one, of the environment', async (t) => {
  const file = join(t.testdir(), 'passwords')
  writeFileSync(file, 'CP-0001 first\n\nCP-0002  second\nothers\n')
  const parsed = parseArguments(['--password-file', file], { SIMULATOR_PASSWORD: 'unused' })
  t.match(parsed, {
    arguments: {
      passwords: {
        byId: new Map([
          ['CP-0001', 'first'],
          ['CP-0002', 'second'],
        ]),
        other: 'others',
      },
    },
  })
  t.match(parseArguments([], { SIMULATOR_PASSWORD: 'x' }), {
    arguments: { passwords: { other: 'x' } },
  })
  t.equal(readPasswords('all', 'CP-1 own').other, 'all')
})

t.test('keys of 1.6 are bytes, those of 2.0.1 text', async (t) => {
  const key = '0001020304050607ffffffffffffffffffffffff'
  t.same(decodePassword('ocpp1.6', key), Buffer.from(key, 'hex'))
  t.equal(decodePassword('ocpp2.0.1', key), key)
  t.equal(decodePassword('ocpp1.6', 'plain'), 'plain')
  t.equal(decodePassword('ocpp1.6', ''), undefined)
})

t.test('a wrong argument is one line that names it', async (t) => {
  const cases: [args: string[], named: RegExp][] = [
    [['--count'], /--count/],
    [['--count', '--quiet'], /--count.* missing/],
    [['--count', 'many'], /--count must be a whole number from 1 to 20000, not "many"/],
    [['--speed', '0'], /--speed must be a number from/],
    [['--protocol', 'ocpp1.5'], /--protocol must be ocpp1.6, ocpp2.0.1 or mixed/],
    [['--url', 'http://localhost'], /--url must be a URL like/],
    [['--url', 'ws://localhost/ocpp?x=1'], /--url/],
    [['--fault-rate', '2'], /--fault-rate must be a number from 0 to 1/],
    [['--id-prefix', 'a:b'], /--id-prefix/],
    [['--id-tag', 'A'.repeat(21)], /--id-tag/],
    [['--password-file', '/no/such/file'], /no such file/],
    [['--fast'], /Unknown option '--fast'/],
    [['200'], /'200'/],
  ]
  for (const [args, named] of cases) {
    const parsed = parseArguments(args)
    t.match(parsed, { kind: 'wrong', message: named }, args.join(' '))
    if (parsed.kind === 'wrong') t.notMatch(parsed.message, /\n/)
  }
})
