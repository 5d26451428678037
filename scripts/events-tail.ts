import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { EVENT_STREAM_FILE } from '../src/adapters/event-stream/embedded/log-writer.ts'
import type { KinesisStreamConfig } from '../src/config/adapters.ts'
import { createConfig } from '../src/config/config.ts'
import { ConfigurationError, readEnv } from '../src/config/env.ts'

// Prints the events of the stream, one a line, as they come: of the log in the data folder, beside the
// process that writes it, or of the Kinesis stream, by the same variables.

const HELP = `Usage: npm run events:tail -- [options]

Prints the event stream, one event a line, as it grows. Which one it is say the variables that
Fleetgrid itself reads: EVENT_STREAM, DATA_DIR, EVENT_STREAM_NAME, AWS_REGION …

  --all        from the oldest event on       default: what comes from now on
  --no-follow  end where the stream ends now
  --help
`
const POLL_MS = 250
/** A shard may be read five times a second. */
const KINESIS_POLL_MS = 1000
const PAGE = 1000

const OPTIONS = {
  all: { type: 'boolean', default: false },
  'no-follow': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const
const values = readOptions()
process.stdout.on('error', () => process.exit(0))

try {
  if (values.help) console.log(HELP)
  else await tail()
} catch (error) {
  const { message } = error as Error
  console.error(error instanceof ConfigurationError ? message : `events:tail: ${message}`)
  process.exitCode = 1
}

function readOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch (error) {
    console.error(`events:tail: ${(error as Error).message}. All options: --help`)
    process.exit(2)
  }
}

async function tail(): Promise<void> {
  const { eventStream } = createConfig(readEnv()).pipelines
  if (eventStream.adapter === 'embedded') await tailLog(eventStream.dataDir)
  else await tailKinesis(eventStream)
}

async function tailLog(dataDir: string): Promise<void> {
  const path = join(dataDir, EVENT_STREAM_FILE)
  let db: DatabaseSync
  try {
    db = new DatabaseSync(path, { readOnly: true })
  } catch {
    throw new Error(`there is no event stream at ${path}: start Fleetgrid, or set DATA_DIR`)
  }
  const select = db.prepare(
    'SELECT number, data FROM event WHERE number > ? ORDER BY number LIMIT ?',
  )
  let last = values.all
    ? 0
    : Number(db.prepare('SELECT coalesce(max(number), 0) AS last FROM event').get()?.['last'])
  for (;;) {
    const rows = select.all(last, PAGE)
    for (const { number, data } of rows) {
      print(data as Uint8Array)
      last = Number(number)
    }
    if (rows.length > 0) continue
    if (values['no-follow']) return
    await pause(POLL_MS)
  }
}

async function tailKinesis({ aws, streamName }: KinesisStreamConfig): Promise<void> {
  const { region, endpoint } = aws
  const client = new KinesisClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: new NodeHttpHandler(),
  })
  const StreamName = streamName
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }))
  await Promise.all(Shards.map(({ ShardId }) => tailShard(client, StreamName, ShardId)))
}

async function tailShard(
  client: KinesisClient,
  StreamName: string,
  ShardId: string | undefined,
): Promise<void> {
  const ShardIteratorType = values.all ? 'TRIM_HORIZON' : 'LATEST'
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType }),
  )
  let iterator = ShardIterator
  while (iterator !== undefined) {
    const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: PAGE }))
    const { Records = [], NextShardIterator, MillisBehindLatest = 0 } = page
    for (const { Data } of Records) print(Data ?? new Uint8Array())
    iterator = NextShardIterator
    if (Records.length === 0 && MillisBehindLatest === 0 && values['no-follow']) return
    await pause(Records.length === PAGE ? KINESIS_POLL_MS / 5 : KINESIS_POLL_MS)
  }
}

function print(data: Uint8Array): void {
  process.stdout.write(`${Buffer.from(data).toString()}\n`)
}
