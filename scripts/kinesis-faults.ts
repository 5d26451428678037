import { parseArgs } from 'node:util'
import { describeWrong, readNumber } from '../simulators/arguments.ts'
import {
  KINESIS_FAULTS,
  type KinesisFault,
  startKinesisFaults,
} from '../test/helpers/kinesis-faults.ts'

// A Kinesis that fails as the real one does, for whoever wants to see what a producer makes of it.

const KINDS = Object.keys(KINESIS_FAULTS) as KinesisFault[]
const HELP = `Usage: npm run kinesis:faults -- [options]

Stands in front of a Kinesis endpoint and fails some of the PutRecords calls.

  --target URL        the real endpoint                 default: http://127.0.0.1:4568
  --port N            where it listens, 0 for any       default: 4569
  --probability P     how many of the calls, 0 to 1     default: 0.1
  --kinds LIST        which faults, one by chance       default: all,subset
${KINDS.map((kind) => `      ${kind.padEnd(12)} ${KINESIS_FAULTS[kind]}`).join('\n')}
  --help

An emulator to stand in front of, with the stream "events", and a producer that comes this way:

  node test/engines/kinesis-process.ts --port 4568 --stream events
  EVENT_STREAM=kinesis AWS_ENDPOINT_URL_KINESIS=http://127.0.0.1:4569 AWS_REGION=us-east-1 \\
    AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any make dev
`
const TELL_MS = 5000
const OPTIONS = {
  target: { type: 'string', default: 'http://127.0.0.1:4568' },
  port: { type: 'string', default: '4569' },
  probability: { type: 'string', default: '0.1' },
  kinds: { type: 'string', default: 'all,subset' },
  help: { type: 'boolean', default: false },
} as const

const { help, target, port, probability, kinds } = orEnd(readOptions)
if (help) {
  console.log(HELP)
  process.exit(0)
}
const proxy = await startKinesisFaults({
  ...{ target, port },
  choose: () =>
    Math.random() < probability ? kinds[Math.floor(Math.random() * kinds.length)] : undefined,
}).catch((error: Error) => end(`--port ${port}: ${error.message}`))
console.log(`${proxy.url} → ${target}; Ctrl-C ends it`)
let told = JSON.stringify(proxy.counts)
setInterval(tell, TELL_MS)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))

/** Nothing while nothing happens. */
function tell(): void {
  const counts = JSON.stringify(proxy.counts)
  if (counts === told) return
  told = counts
  console.log(counts)
}

function readOptions() {
  const { values } = parseArgs({ options: OPTIONS })
  const kinds = values.kinds.split(',') as KinesisFault[]
  const wrong = kinds.find((kind) => !KINDS.includes(kind))
  if (wrong !== undefined) {
    throw new Error(`--kinds has "${wrong}": it must be some of ${KINDS.join(',')}`)
  }
  if (!/^https?:$/.test(URL.parse(values.target)?.protocol ?? '')) {
    throw new Error(
      `--target must be a URL, such as ${OPTIONS.target.default}, not "${values.target}"`,
    )
  }
  return {
    ...{ help: values.help, target: values.target, kinds },
    port: readNumber('port', values.port, 0, 65_535, true) ?? 0,
    probability: readNumber('probability', values.probability, 0, 1) ?? 0,
  }
}

function orEnd<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    return end(describeWrong(error))
  }
}

function end(sentence: string): never {
  console.error(`kinesis:faults: ${sentence}. All options: --help`)
  process.exit(2)
}
