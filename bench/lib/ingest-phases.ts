import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Engine } from '../../test/engines/engine.ts'
import { startMosquitto } from '../../test/engines/mosquitto.ts'
import { endChild } from './end-child.ts'
import type { Contestant, StartContestant } from './ingest-contestants.ts'
import { publish } from './ingest-load.ts'
import type { Sink } from './ingest-sinks.ts'
import { cpuSeconds, microseconds, peakMemoryMb } from './process-stats.ts'
import type { ProbeReport } from './puback-probe.ts'

// What is measured of a contestant between a broker of its own and a sink: each time in a new process,
// so that no measurement inherits another's memory, and warm.

export interface Run {
  /** For the broker's data. */
  readonly folder: string
  readonly start: StartContestant
  readonly sink: Sink
  readonly messages: number
  readonly vehicles: number
}

/** From the first message to the last; CPU is user and system. */
interface Usage {
  /** Of the contestant. */
  readonly cpuSeconds: number
  readonly sinkCpuSeconds?: number
  readonly peakMemoryMb: number
}

export interface Throughput extends Usage {
  /** Until the sink had them all. */
  readonly seconds: number
  /** Until the broker had them all; none of a backlog, which is at the broker before. */
  readonly publishSeconds?: number
}

export type Latency = Usage & ProbeReport & { readonly publishSeconds: number }

/** Compiles the hot path, as a service that runs for days has it. */
export const WARM_UP = 20_000
const WARM_UP_START = 1e9
/** The broker doesn't hold a message back to send it with the next one; up to 40 ms otherwise. */
const AT_ONCE = ['set_tcp_nodelay true']
const ACKNOWLEDGED_WITHIN_MS = 30_000
const POLL_MS = 20

/** The contestant stands still while the messages queue at the broker, and then takes them. */
export function measureBacklog(run: Run): Promise<Throughput> {
  return withContestant(run, async ({ port }, { pid }) => {
    process.kill(pid, 'SIGSTOP')
    const used = usageOf(pid, run.sink)
    try {
      await publish({ port, messages: run.messages, vehicles: run.vehicles, start: 0 })
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    const startedAtUs = microseconds()
    await run.sink.reaches(WARM_UP + run.messages)
    return { seconds: (microseconds() - startedAtUs) / 1e6, ...used() }
  })
}

/** The contestant takes the messages while they are published as fast as the broker takes them. */
export function measureLive(run: Run): Promise<Throughput> {
  return withContestant(run, async ({ port }, { pid }) => {
    const used = usageOf(pid, run.sink)
    const publishing = publish({ port, messages: run.messages, vehicles: run.vehicles, start: 0 })
    const [published, endedAtUs] = await Promise.all([
      publishing,
      run.sink.reaches(WARM_UP + run.messages).then(microseconds),
    ])
    const seconds = (endedAtUs - published.startedAtUs) / 1e6
    return { seconds, publishSeconds: published.seconds, ...used() }
  })
}

/** Publish → PUBACK at a steady rate, messages per second. @throws Error if a PUBACK is missing */
export async function measureLatency(run: Run, rate: number): Promise<Latency> {
  const viaProbe = async (mqttUrl: string, sinkUrl: string) => {
    const probe = await startProbe(new URL(mqttUrl).port)
    const contestant = await run.start(`mqtt://127.0.0.1:${probe.port}`, sinkUrl)
    const stop = async (): Promise<void> => {
      await contestant.stop()
      await probe.stop()
    }
    return { ...contestant, stop, probe }
  }
  const measure = async ({ port }: Engine, { pid, probe }: Contestant & { probe: Probe }) => {
    const { messages, vehicles } = run
    const used = usageOf(pid, run.sink)
    const published = await publish({ port, messages, vehicles, start: 0, rate })
    await run.sink.reaches(WARM_UP + messages)
    const report = await probe.reaches(messages)
    return { ...report, publishSeconds: published.seconds, ...used() }
  }
  return withContestant({ ...run, start: viaProbe }, measure, AT_ONCE)
}

async function withContestant<C extends Contestant, T>(
  run: Omit<Run, 'start'> & { start(mqttUrl: string, sinkUrl: string): Promise<C> },
  measure: (broker: Engine, contestant: C) => Promise<T>,
  lines: readonly string[] = [],
): Promise<T> {
  const broker = await startMosquitto({
    folder: await mkdtemp(join(run.folder, 'mosquitto-')),
    lines,
  })
  try {
    const contestant = await run.start(broker.url, run.sink.url)
    try {
      const { port } = broker
      await publish({ port, messages: WARM_UP, vehicles: run.vehicles, start: WARM_UP_START })
      await run.sink.reaches(WARM_UP)
      return await measure(broker, contestant)
    } finally {
      await contestant.stop()
      await tellTwice(run.sink, WARM_UP + run.messages)
    }
  } finally {
    await broker.stop()
  }
}

/** None is lost, or the sink would not have been full; none should have cost more than once either. */
async function tellTwice(sink: Sink, wanted: number): Promise<void> {
  const more = (await sink.count()) - wanted
  if (more > 0) console.error(`bench: ${more} messages were written twice`)
}

function usageOf(pid: number, { pid: sinkPid }: Sink): () => Usage {
  const before = cpuSeconds(pid)
  const sinkBefore = sinkPid === undefined ? 0 : cpuSeconds(sinkPid)
  return () => ({
    cpuSeconds: cpuSeconds(pid) - before,
    peakMemoryMb: peakMemoryMb(pid),
    ...(sinkPid === undefined ? {} : { sinkCpuSeconds: cpuSeconds(sinkPid) - sinkBefore }),
  })
}

interface Probe {
  readonly port: number
  /** Resolves when so many messages are acknowledged. */
  reaches(count: number): Promise<ProbeReport>
  stop(): Promise<void>
}

async function startProbe(brokerPort: string): Promise<Probe> {
  const child = fork(new URL('./puback-probe.ts', import.meta.url), ['--port', brokerPort])
  const [port] = (await once(child, 'message')) as [number]
  const report = async (): Promise<ProbeReport> => {
    child.send('report')
    const [answer] = (await once(child, 'message')) as [ProbeReport]
    return answer
  }
  const reaches = async (count: number): Promise<ProbeReport> => {
    const endsAt = Date.now() + ACKNOWLEDGED_WITHIN_MS
    for (;;) {
      const current = await report()
      if (current.count >= count) return current
      if (Date.now() > endsAt) throw new Error(`${current.count} of ${count} are acknowledged`)
      await pause(POLL_MS)
    }
  }
  return { port, reaches, stop: () => endChild(child) }
}
