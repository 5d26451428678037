import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describeWrong, readNumber } from '../arguments.ts'
import type { ProtocolName } from './connection.ts'
import { type Passwords, readPasswords } from './password.ts'

export interface SimulatorArguments {
  readonly url: string
  readonly count: number
  /** Stations take turns. */
  readonly protocols: readonly ProtocolName[]
  readonly connectors: number
  readonly idPrefix: string
  /** None: each place to charge at has a card of its own, `SIM-0001-1`, `SIM-0001-2`, … */
  readonly idTags: readonly string[]
  readonly passwords: Passwords
  readonly compression: boolean
  readonly speed: number
  readonly seed: string
  readonly sessionsPerHour: number
  readonly faultRate: number
  readonly offlineRate: number
  readonly durationS: number | undefined
  readonly connectTimeoutS: number
  readonly quiet: boolean
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly arguments: SimulatorArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }

const COUNT_MAX = 20_000
const DEFAULT_URL = 'ws://127.0.0.1:8080/ocpp'

export const USAGE = `Simulates charging stations that speak OCPP over WebSocket (OCPP-J) with a real server.

  npm run simulate:charge-points -- [options]

  --url URL               where stations connect; each adds its id (${DEFAULT_URL});
                          or BACKEND_HOSTNAME and BACKEND_PORT (8080; 443 is wss:) in the environment
  --count N               how many stations, up to ${COUNT_MAX} (10)
  --protocol NAME         ocpp1.6, ocpp2.0.1, or mixed: stations take turns (ocpp1.6)
  --connectors N          places to charge at, of each station, 1 to 8 (2)
  --id-prefix TEXT        stations are called CP-0001, CP-0002, … (CP-)
  --id-tag A,B,…          cards of the drivers, up to 20 characters each; taken in turns
                          (one for each place: SIM-0001-1, SIM-0001-2, SIM-0002-1, …)
  --password TEXT         of all stations (HTTP Basic); a key of 32 to 40 hexadecimal digits is sent
                          as its bytes by OCPP 1.6; or SIMULATOR_PASSWORD, which others can't see
  --password-file FILE    a line for each station: its id, a space, its password; a line with only
                          a password is for all others
  --compression           offer permessage-deflate
  --speed X               cars charge and people act X times as fast as in life, up to 10000 (1);
                          time stamps, heartbeats, time-outs and back-off stay those of the clock
  --sessions-per-hour X   cars that come to a station in an hour (of simulated time), while there is
                          room; 0: none, only what the server starts (2)
  --fault-rate P          share of sessions that end with a fault (0.02)
  --offline-rate P        share of sessions during which the station loses its connection; what
                          happens then is told afterwards, in order (0.02)
  --seed TEXT             another seed brings other stations and cars; the same one the same (1)
  --duration S            stop after so many seconds (never)
  --connect-timeout S     give up if no station gets through at all for so long (60)
  --quiet                 no progress, only the summary at the end
  --help                  this text

Examples:
  Stations for the screen, an hour of charging in a minute, until Ctrl-C:
    npm run simulate:charge-points -- --count 50 --speed 60
  Both versions of OCPP against a server elsewhere:
    npm run simulate:charge-points -- --url wss://csms.example.com/ocpp --protocol mixed --password "$KEY"
  Only stations, for you to start and stop by hand, with a card that the server knows:
    npm run simulate:charge-points -- --count 1 --sessions-per-hour 0 --id-tag 04A2B3C4
  Trouble: one session in five is interrupted, one in ten fails:
    npm run simulate:charge-points -- --count 20 --speed 60 --offline-rate 0.2 --fault-rate 0.1

A station boots, reports its connectors, beats, charges and obeys: remote start and stop, reset,
availability, configuration, local lists, reservations, charging profiles, firmware, logs. On Ctrl-C it
ends its transactions (PowerLoss) before it leaves. A certificate authority of your own for wss: is
named by NODE_EXTRA_CA_CERTS.
`

/** `environment` for the address, and for what doesn't belong on a command line. */
export function parseArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): ParsedArguments {
  try {
    const values = readValues(args)
    if (values.help === true) return { kind: 'help' }
    const { BACKEND_HOSTNAME: host, BACKEND_PORT: port, SIMULATOR_PASSWORD } = environment
    const file = values['password-file']
    return {
      kind: 'run',
      arguments: {
        url: readUrl(values.url ?? (host ? composeUrl(host, port || '8080') : DEFAULT_URL)),
        count: readNumber('count', values.count, 1, COUNT_MAX, true) ?? 10,
        protocols: readProtocols(values.protocol ?? 'ocpp1.6'),
        connectors: readNumber('connectors', values.connectors, 1, 8, true) ?? 2,
        idPrefix: readPrefix(values['id-prefix'] ?? 'CP-'),
        idTags: readTags(values['id-tag'] ?? ''),
        passwords: readPasswords(
          values.password ?? SIMULATOR_PASSWORD,
          file === undefined ? '' : readFileSync(file, 'utf8'),
        ),
        compression: values.compression ?? false,
        speed: readNumber('speed', values.speed, 0.01, 10_000) ?? 1,
        seed: values.seed ?? '1',
        sessionsPerHour: readNumber('sessions-per-hour', values['sessions-per-hour'], 0, 1000) ?? 2,
        faultRate: readNumber('fault-rate', values['fault-rate'], 0, 1) ?? 0.02,
        offlineRate: readNumber('offline-rate', values['offline-rate'], 0, 1) ?? 0.02,
        durationS: readNumber('duration', values.duration, 0.1, 2_000_000),
        connectTimeoutS:
          readNumber('connect-timeout', values['connect-timeout'], 0.1, 86_400) ?? 60,
        quiet: values.quiet ?? false,
      },
    }
  } catch (error) {
    return { kind: 'wrong', message: describeWrong(error) }
  }
}

function readValues(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  return parseArgs({
    args: [...args],
    allowPositionals: false,
    options: {
      url: text,
      count: text,
      protocol: text,
      connectors: text,
      'id-prefix': text,
      'id-tag': text,
      password: text,
      'password-file': text,
      compression: flag,
      speed: text,
      'sessions-per-hour': text,
      'fault-rate': text,
      'offline-rate': text,
      seed: text,
      duration: text,
      'connect-timeout': text,
      quiet: flag,
      help: flag,
    },
  }).values
}

function composeUrl(host: string, port: string): string {
  return `${port === '443' ? 'wss' : 'ws'}://${host}:${port}/ocpp`
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isWebSocket = url?.protocol === 'ws:' || url?.protocol === 'wss:'
  if (!isWebSocket || url.hostname === '' || url.search !== '' || url.hash !== '') {
    throw new Error(
      `--url must be a URL like ws://host:8080/ocpp or wss://host/ocpp, not "${text}"`,
    )
  }
  return text.replace(/\/+$/, '')
}

function readProtocols(text: string): ProtocolName[] {
  const names = text === 'mixed' ? ['ocpp1.6', 'ocpp2.0.1'] : text.split(',')
  return names.map((name) => {
    if (name === 'ocpp1.6' || name === 'ocpp2.0.1') return name
    throw new Error(`--protocol must be ocpp1.6, ocpp2.0.1 or mixed, not "${text}"`)
  })
}

/** With up to five digits it is an identity of at most 48 characters, without a colon. */
function readPrefix(text: string): string {
  if (/^[^:\p{Cc}]{0,43}$/u.test(text)) return text
  throw new Error(`--id-prefix must be at most 43 characters without a colon, not "${text}"`)
}

function readTags(text: string): string[] {
  const tags = text.split(',').filter((tag) => tag !== '')
  const tooLong = tags.find((tag) => tag.length > 20)
  if (tooLong === undefined) return tags
  throw new Error(`--id-tag: OCPP 1.6 has at most 20 characters for a card, not "${tooLong}"`)
}
