import { setTimeout as pause } from 'node:timers/promises'
import { createRandom } from '../random.ts'
import { createSubmission, createUuid } from './create-submission.ts'
import { parseOptions, type SimulatorOptions, USAGE } from './options.ts'
import { BATCH_MAX, createHttpSender, createQueueSender, type Sender } from './senders.ts'

// Exit codes: 0 stopped as wished, 1 nothing could be sent, 2 wrong options.

const TICK_MS = 100
/** Batches on their way; with more the rate is what the receiver takes. */
const SENDING_MAX = 20
const PROGRESS_MS = 5000

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
process.stdout.on('error', () => stop.abort())

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) process.stdout.write(USAGE)
  else process.exitCode = await run(options)
} catch (error) {
  process.stderr.write(`${(error as Error).message}. All options: --help\n`)
  process.exitCode = 2
}

async function run(options: SimulatorOptions): Promise<number> {
  const { queue, url, rate, count } = options
  const sender =
    queue === undefined
      ? createHttpSender(url, process.env['SIMULATOR_TOKEN'])
      : createQueueSender(queue)
  const make = createFleet(options)
  const totals = { sent: 0, failed: 0 }
  const sending = new Set<Promise<void>>()
  const startedAt = performance.now()
  const progress = setInterval(() => {
    if (!options.quiet) tell(totals, startedAt)
  }, PROGRESS_MS)
  let made = 0
  while (!stop.signal.aborted && made < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - startedAt) / 1000) * rate))
    while (made < due && sending.size < SENDING_MAX) {
      const bodies = Array.from({ length: Math.min(BATCH_MAX, due - made) }, make)
      made += bodies.length
      const sent = send(sender, bodies, totals).finally(() => sending.delete(sent))
      sending.add(sent)
    }
    await pause(TICK_MS, undefined, { signal: stop.signal }).catch(() => undefined)
  }
  await Promise.all(sending)
  clearInterval(progress)
  sender.close()
  tell(totals, startedAt)
  return totals.sent === 0 && totals.failed > 0 ? 1 : 0
}

function createFleet(options: SimulatorOptions): () => string {
  const { devices, eventsMax, faultRate, encoding, seed } = options
  const random = createRandom(seed)
  const ids = Array.from({ length: devices }, () => createUuid(random))
  return () => {
    const deviceId = random.pick(ids)
    const shape = { deviceId, eventsMax, faultRate, createdAt: new Date() }
    const text = JSON.stringify(createSubmission(random, shape))
    return encoding === 'json' ? text : Buffer.from(text).toString('base64')
  }
}

async function send(
  sender: Sender,
  bodies: readonly string[],
  totals: { sent: number; failed: number },
): Promise<void> {
  try {
    const failed = await sender.send(bodies)
    totals.sent += bodies.length - failed.length
    totals.failed += failed.length
  } catch (error) {
    if (totals.failed === 0) process.stderr.write(`${describe(error)}\n`)
    totals.failed += bodies.length
  }
}

/** fetch says why in the cause. */
function describe(error: unknown): string {
  const { message, cause } = error as Error
  const why = cause instanceof Error ? ` (${cause.message})` : ''
  return `not taken: ${message}${why}; is it running, and are --url or --queue right?`
}

function tell({ sent, failed }: { sent: number; failed: number }, startedAt: number): void {
  const seconds = (performance.now() - startedAt) / 1000
  const rate = Math.round(sent / seconds)
  process.stdout.write(
    `${seconds.toFixed(0)} s: ${sent} submissions sent (${rate}/s), ${failed} not taken\n`,
  )
}
