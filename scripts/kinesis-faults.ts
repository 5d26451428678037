import { parseArgs } from 'node:util'
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
  --port N            where it listens                  default: 4569
  --probability P     how many of the calls, 0 to 1     default: 0.1
  --kinds LIST        which faults, one by chance       default: all,subset
${KINDS.map((kind) => `      ${kind.padEnd(12)} ${KINESIS_FAULTS[kind]}`).join('\n')}
  --help
`
const TELL_MS = 5000

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'http://127.0.0.1:4568' },
    port: { type: 'string', default: '4569' },
    probability: { type: 'string', default: '0.1' },
    kinds: { type: 'string', default: 'all,subset' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const probability = Number(values.probability)
const kinds = values.kinds.split(',') as KinesisFault[]
const wrong = kinds.find((kind) => !KINDS.includes(kind))
if (wrong !== undefined || !(probability >= 0 && probability <= 1)) {
  console.error(
    wrong === undefined
      ? `--probability ${values.probability} must be a number from 0 to 1`
      : `--kinds has ${wrong}: it must be some of ${KINDS.join(',')}`,
  )
  process.exit(2)
}
const proxy = await startKinesisFaults({
  target: values.target,
  port: Number(values.port),
  choose: () =>
    Math.random() < probability ? kinds[Math.floor(Math.random() * kinds.length)] : undefined,
})
console.log(`${proxy.url} → ${values.target}; Ctrl-C ends it`)
setInterval(() => console.log(JSON.stringify(proxy.counts)), TELL_MS)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0))
