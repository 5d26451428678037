import { parseArgs } from 'node:util'

export interface SimulatorOptions {
  readonly queue: string | undefined
  readonly url: string
  readonly devices: number
  readonly rate: number
  readonly faultRate: number
  readonly eventsMax: number
  readonly count: number
  readonly encoding: 'base64' | 'json'
  readonly seed: string
  readonly quiet: boolean
}

export const USAGE = `Sends submissions of simulated sensors: to an SQS queue, or to Fleetgrid itself.

  npm run simulate:submissions -- [options]

  --queue URL        the SQS queue; AWS_REGION, AWS_ENDPOINT_URL and keys as the AWS SDK finds them.
                     Of make dev http://127.0.0.1:9324/000000000000/submissions, with any key
  --url URL          without a queue: Fleetgrid (http://127.0.0.1:8080), with the token of an
                     operator in SIMULATOR_TOKEN
  --devices N        how many sensors (10)
  --rate N           submissions a second of all of them together (1)
  --fault-rate P     how likely each id, command line or address is a wrong one (0.01)
  --events N         at most so many of each kind in a submission (5)
  --count N          stop after so many submissions (never)
  --encoding KIND    base64 or json (base64)
  --seed TEXT        another seed is another fleet; the same one is the same again (1)
  --quiet            no progress, only the totals at the end
  --help             this text

Example: 1,000 sensors, 200 submissions a second, until Ctrl-C:
    npm run simulate:submissions -- --devices 1000 --rate 200 --fault-rate 0.01
`

/** @throws Error with what is wrong; undefined: help was asked for */
export function parseOptions(args: readonly string[]): SimulatorOptions | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ queue: text, url: text, devices: text, rate: text, 'fault-rate': text, events: text },
      ...{
        count: text,
        encoding: text,
        seed: text,
        help: { type: 'boolean' },
        quiet: { type: 'boolean' },
      },
    },
  })
  if (values.help) return undefined
  const { encoding = 'base64' } = values
  if (encoding !== 'base64' && encoding !== 'json') {
    throw new Error(`--encoding ${encoding} must be base64 or json`)
  }
  return {
    queue: values.queue,
    url: values.url ?? 'http://127.0.0.1:8080',
    devices: numberOf('devices', values.devices, 1, 1_000_000) ?? 10,
    rate: numberOf('rate', values.rate, 0.01, 100_000) ?? 1,
    faultRate: numberOf('fault-rate', values['fault-rate'], 0, 1) ?? 0.01,
    eventsMax: numberOf('events', values.events, 0, 10_000) ?? 5,
    count: numberOf('count', values.count, 1, 1e12) ?? Number.POSITIVE_INFINITY,
    encoding,
    seed: values.seed ?? '1',
    quiet: values.quiet ?? false,
  }
}

function numberOf(
  name: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (text.trim() === '' || !(number >= min && number <= max)) {
    throw new Error(`--${name} ${text} must be a number from ${min} to ${max}`)
  }
  return number
}
