import { parseArgs } from 'node:util'
import { describeWrong, readNumber } from '../arguments.ts'
import { MAX_VEHICLES } from './identity.ts'

export interface SimulatorOptions {
  readonly broker: string
  readonly vehicles: number
  readonly connections: number
  readonly speedup: number
  readonly intervalS: number
  readonly seed: string
  readonly durationS: number | undefined
  readonly tripsThenExit: number | undefined
  readonly connectTimeoutS: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly quiet: boolean
}

export type ParsedOptions =
  | { readonly kind: 'run'; readonly options: SimulatorOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }

export const USAGE = `Drives simulated vehicles along real routes and publishes what they measure over MQTT.

  npm run simulate:vehicles -- [options]

  --broker URL            where to publish: mqtt:, mqtts:, ws: or wss: (mqtt://127.0.0.1:1883)
  --vehicles N            how many vehicles, up to ${MAX_VEHICLES} (20)
  --speedup X             simulated time runs X times faster than the clock, up to 1000 (1);
                          time stamps stay real, vehicles drive X times as far between two
  --interval S            simulated seconds between two reports of a vehicle (2)
  --seed TEXT             another seed is another fleet; the same one is the same again (1)
  --connections N         connections that the vehicles share (one each, at most 200)
  --duration S            stop after so many seconds (never)
  --trips-then-exit N     stop after so many acknowledged trips (never)
  --username NAME         for the broker; or SIMULATOR_USERNAME in the environment
  --password TEXT         e.g. a JWT of an operator, who may publish for every vehicle;
                          or SIMULATOR_PASSWORD, which other users can't see
  --connect-timeout S     give up if the broker can't be reached at all for so long (60)
  --quiet                 no progress, only the summary at the end
  --help                  this text

Examples:
  A fleet for the map, ten times as fast as life, until Ctrl-C:
    npm run simulate:vehicles -- --vehicles 200 --speedup 10
  The same over WebSocket, with a token:
    npm run simulate:vehicles -- --broker ws://127.0.0.1:8080/mqtt --password "$TOKEN"
  Load: 10,000 vehicles on 100 connections for a minute, 1,000 reports a second:
    npm run simulate:vehicles -- --vehicles 10000 --connections 100 --interval 10 --duration 60

A vehicle waits for a slow broker (a skipped tick) and keeps its last messages while there is no
connection. The summary counts as acknowledged only what the broker sent a PUBACK for.
`

const PROTOCOLS = ['mqtt:', 'mqtts:', 'tcp:', 'ssl:', 'ws:', 'wss:']
const CONNECTIONS_BY_DEFAULT = 200

/** `environment` for the two settings that don't belong on a command line. */
export function parseOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): ParsedOptions {
  try {
    const values = readArguments(args)
    if (values.help === true) return { kind: 'help' }
    const password = values.password ?? environment['SIMULATOR_PASSWORD']
    const username = values.username ?? environment['SIMULATOR_USERNAME']
    const vehicles = readNumber('vehicles', values.vehicles, 1, MAX_VEHICLES, true) ?? 20
    const connections = readNumber('connections', values.connections, 1, 10_000, true)
    return {
      kind: 'run',
      options: {
        broker: readBroker(values.broker ?? 'mqtt://127.0.0.1:1883'),
        vehicles,
        connections: Math.min(vehicles, connections ?? CONNECTIONS_BY_DEFAULT),
        speedup: readNumber('speedup', values.speedup, 0.01, 1000) ?? 1,
        intervalS: readNumber('interval', values.interval, 0.1, 3600) ?? 2,
        seed: values.seed ?? '1',
        durationS: readNumber('duration', values.duration, 0.1, 2_000_000),
        tripsThenExit: readNumber('trips-then-exit', values['trips-then-exit'], 1, 1e9, true),
        connectTimeoutS:
          readNumber('connect-timeout', values['connect-timeout'], 0.1, 86_400) ?? 60,
        // MQTT 3.1.1 §3.1.2.9: no password without a user name.
        username: username ?? (password === undefined ? undefined : 'simulator'),
        password,
        quiet: values.quiet ?? false,
      },
    }
  } catch (error) {
    return { kind: 'wrong', message: describeWrong(error) }
  }
}

function readArguments(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  return parseArgs({
    args: [...args],
    allowPositionals: false,
    options: {
      broker: text,
      vehicles: text,
      connections: text,
      speedup: text,
      interval: text,
      seed: text,
      duration: text,
      'trips-then-exit': text,
      'connect-timeout': text,
      username: text,
      password: text,
      quiet: flag,
      help: flag,
    },
  }).values
}

function readBroker(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !PROTOCOLS.includes(url.protocol) || url.hostname === '') {
    throw new Error(`--broker must be a URL like mqtt://host:1883 or ws://host/mqtt, not "${text}"`)
  }
  return text
}
