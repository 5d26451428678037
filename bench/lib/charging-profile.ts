import { mkdir, readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startClient } from './charging-clients.ts'
import type { Prepared } from './charging-databases.ts'
import type { Work } from './charging-load.ts'
import { startFleetgrid } from './charging-servers.ts'
import type { Row } from './compare.ts'
import { microseconds } from './process-stats.ts'
import { report } from './report.ts'

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

interface Window {
  readonly from: number
  readonly to: number
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: CallFrame
  }[]
  /** Microseconds of the clock that all processes share. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export interface ProfileOptions {
  readonly folder: string
  readonly busy: number
  readonly seconds: number
  readonly tokens: number
}

const LINES = { functions: 22, places: 12 }
const WARM_UP_SECONDS = 5
/** Of the main thread of a process; workers have higher ones. */
const MAIN_THREAD = '0'
const WAITING = new Set(['(idle)'])
/** Below it, a part of the process that only started. */
const WORTH_TELLING_MS = 100

/** What the server's threads do while its stations do one kind of work: the functions that take longest. */
export async function profileWork(
  work: Work,
  { options }: Prepared,
  { folder, busy, seconds, tokens }: ProfileOptions,
): Promise<void> {
  const profiles = join(folder, `profiles-${work}`)
  await mkdir(profiles)
  const profiling = { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` }
  const server = await startFleetgrid({ ...options, env: { ...options.env, ...profiling } })
  const client = startClient()
  let count = 0
  let window: Window
  try {
    const stations = { from: 0, count: busy }
    const how = { deflate: false, atOnce: busy, withinSeconds: 60 }
    await client.ask('boot', { port: server.port, stations, ...how })
    if (work === 'meter-values') await client.ask('start', { busy, tokens })
    await client.ask('run', { work, busy, tokens, seconds: WARM_UP_SECONDS })
    const from = microseconds()
    count = (await client.ask('run', { work, busy, tokens, seconds })).count
    window = { from, to: microseconds() }
  } finally {
    await client.stop()
    await server.stop()
  }
  for (const file of await readdir(profiles)) {
    const [, , , , thread = ''] = file.split('.')
    const profile = JSON.parse(await readFile(join(profiles, file), 'utf8')) as Profile
    const name = thread === MAIN_THREAD ? 'main thread' : `worker ${thread}`
    const title = `${work} (${count}): ${name}`
    tell(title, selfTimes(profile, window, nameOf), count, LINES.functions)
    tell(`${title}, by file or package`, selfTimes(profile, window, placeOf), count, LINES.places)
  }
}

/** Milliseconds of each function itself, in all of the time that was measured, by what it is called. */
function selfTimes(
  { nodes, startTime, samples, timeDeltas }: Profile,
  { from, to }: Window,
  callIt: (frame: CallFrame) => string,
): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callIt(callFrame)]))
  const times = new Map<string, number>()
  let at = startTime
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0
    at += delta
    if (at < from || at > to) continue
    const name = names.get(id) ?? ''
    times.set(name, (times.get(name) ?? 0) + delta / 1000)
  }
  return times
}

function tell(
  title: string,
  times: ReadonlyMap<string, number>,
  count: number,
  lines: number,
): void {
  const busy = [...times].filter(([name]) => !WAITING.has(name))
  const all = busy.reduce((sum, [, ms]) => sum + ms, 0)
  if (all < WORTH_TELLING_MS) return
  const rows: Row[] = busy
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, lines)
    .map(([name, ms]) => ({
      what: name,
      'self ms': Math.round(ms),
      '%': ((ms / all) * 100).toFixed(1),
      'µs each': ((ms * 1000) / count).toFixed(2),
    }))
  report(`${title}, ${Math.round(all)} ms busy`, rows)
}

function nameOf(frame: CallFrame): string {
  const { functionName, url, lineNumber } = frame
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const path = url.startsWith('file:') ? fileURLToPath(url) : url
  return `${name} ${placeOf(frame)}${placeOf(frame).endsWith('.ts') ? '' : `/${basename(path)}`}:${lineNumber + 1}`
}

/** A file of ours, a package, or a part of Node. */
function placeOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native code'
  if (!url.startsWith('file:') && !url.startsWith('/')) return url
  const path = url.startsWith('file:') ? fileURLToPath(url) : url
  const [, module] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? []
  return module ?? path.split('/').slice(-2).join('/')
}
