import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Engine } from '../../test/engines/engine.ts'
import { endChild } from './end-child.ts'

/** Where the messages end. */
export interface Sink {
  readonly url: string
  /** Of its process, where its CPU is to be told. */
  readonly pid?: number
  /** Messages that it has in all. */
  count(): Promise<number>
  /** Resolves when it has so many. @throws Error if that takes too long */
  reaches(count: number): Promise<void>
}

export interface NullSink extends Sink {
  stop(): Promise<void>
}

const WAIT_MAX_MS = 300_000
/** Seldom enough to cost the engine nothing. */
const POLL_MS = 200

/** Stores nothing; null-opensearch.ts in a process of its own. */
export async function startNullSink(): Promise<NullSink> {
  const child = spawn(process.execPath, ['bench/lib/null-opensearch.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const url = line.toString('utf8').trim()
  const ask = async (query: string): Promise<number> => {
    const answer = await fetch(`${url}/bench${query}`, { signal: AbortSignal.timeout(WAIT_MAX_MS) })
    return ((await answer.json()) as { created: number }).created
  }
  const reaches = async (count: number): Promise<void> => {
    await ask(`?created=${count}`).catch(async () => tooLate(await ask(''), count))
  }
  return { url, count: () => ask(''), reaches, stop: () => endChild(child) }
}

/** OpenSearch; counts what was indexed without waiting for a refresh. */
export function engineSink({ url, pid }: Engine, prefix: string): Sink {
  const count = async (): Promise<number> => {
    const answer = await fetch(`${url}/${prefix}cardata*/_stats/indexing?filter_path=_all`)
    const body = (await answer.json()) as {
      _all?: { primaries?: { indexing?: { index_total: number } } }
    }
    return body._all?.primaries?.indexing?.index_total ?? 0
  }
  const reaches = async (wanted: number): Promise<void> => {
    const endsAt = Date.now() + WAIT_MAX_MS
    for (let has = await count(); has < wanted; has = await count()) {
      if (Date.now() > endsAt) tooLate(has, wanted)
      await pause(POLL_MS)
    }
  }
  return { url, pid, count, reaches }
}

function tooLate(has: number, wanted: number): never {
  throw new Error(`the sink has ${has} of ${wanted} messages after ${WAIT_MAX_MS / 1000} s`)
}
