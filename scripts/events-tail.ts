import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { EVENT_STREAM_FILE } from '../src/adapters/event-stream/embedded/log-writer.ts'
import { readConfig } from '../src/config/config.ts'
import { ConfigurationError } from '../src/config/env.ts'
import { tailKinesis } from './tail-kinesis.ts'

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
  const { eventStream } = readConfig().config.pipelines
  if (eventStream.adapter === 'embedded') await tailLog(eventStream.dataDir)
  else {
    const options = { fromStart: values.all, follows: !values['no-follow'], print }
    await tailKinesis(eventStream, options)
  }
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

function print(data: Uint8Array): void {
  process.stdout.write(`${Buffer.from(data).toString()}\n`)
}
