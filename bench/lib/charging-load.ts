import { setTimeout as pause } from 'node:timers/promises'
import {
  authorize,
  HEARTBEAT,
  meterValues,
  startTransaction,
  stopTransaction,
  tokenUid,
} from './charging-messages.ts'
import type { Station } from './charging-station.ts'
import { encodeText } from './charging-wire.ts'
import { percentile } from './process-stats.ts'

// What busy charge points do, each one call at a time.

export interface LoadResult {
  readonly count: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export type Work = 'heartbeats' | 'meter-values' | 'sessions'

const heartbeat = encodeText(HEARTBEAT)
const METER_VALUES_OF_SESSION = 4
const IDLE_STEP_MS = 50
const ANSWERED_WITHIN_MS = 30_000

/** Each message has a time of its own; also between runs. */
let last = Date.now() % 1e9

/** One after the other at each station, for so long, and once at least. `tokens`: how many there are. */
export async function run(
  work: Work,
  stations: readonly Station[],
  { seconds, tokens }: { readonly seconds: number; readonly tokens: number },
): Promise<LoadResult> {
  const doOnce = {
    heartbeats: (station: Station) => station.call(heartbeat),
    'meter-values': sendMeterValues,
    sessions: (station: Station) => chargeOnce(station, tokens),
  }[work]
  const latencies: number[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  await Promise.all(
    stations.map(async (station) => {
      let now = performance.now()
      do {
        const askedAt = now
        await doOnce(station)
        now = performance.now()
        latencies.push(now - askedAt)
      } while (now < endsAt)
    }),
  )
  return describe(latencies, startedAt)
}

/** All start at once, then all stop, which isn't measured; so many times. */
export async function startTogether(
  stations: readonly Station[],
  { rounds, tokens }: { readonly rounds: number; readonly tokens: number },
): Promise<LoadResult> {
  const latencies: number[] = []
  const startedAt = performance.now()
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      stations.map(async (station) => {
        const askedAt = performance.now()
        await start(station, nextToken(tokens))
        latencies.push(performance.now() - askedAt)
      }),
    )
    await stopAll(stations)
  }
  return describe(latencies, startedAt)
}

export async function startAll(stations: readonly Station[], tokens: number): Promise<void> {
  await Promise.all(stations.map((station) => start(station, nextToken(tokens))))
}

/** By one token, whoever started it: what has stopped has stopped. */
export async function stopAll(stations: readonly Station[]): Promise<void> {
  await Promise.all(
    stations.map(async (station) => {
      const { transaction } = station
      if (transaction === undefined) return
      station.transaction = undefined
      await station.call(encodeText(stopTransaction(tokenUid(0), transaction, next())))
    }),
  )
}

export interface IdleLoad {
  readonly answered: number
  readonly failed: number
  /** How often each reason was given. */
  readonly reasons: Readonly<Record<string, number>>
  readonly p99Ms: number
}

/**
 * What stations do all day: those that charge send meter values every 60 s, the others a heartbeat
 * every 300 s.
 */
export async function idle(stations: readonly Station[], seconds: number): Promise<IdleLoad> {
  const charging = stations.filter(({ transaction }) => transaction !== undefined)
  const silent = stations.filter(({ transaction }) => transaction === undefined)
  const latencies: number[] = []
  const reasons: Record<string, number> = {}
  let pending = 0
  const send = async (sent: Promise<unknown>): Promise<void> => {
    const askedAt = performance.now()
    pending += 1
    try {
      await sent
      latencies.push(performance.now() - askedAt)
    } catch (error) {
      const { message } = error as Error
      reasons[message] = (reasons[message] ?? 0) + 1
    } finally {
      pending -= 1
    }
  }
  const startedAt = performance.now()
  let [heartbeats, readings] = [0, 0]
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - startedAt) / 1000) {
    for (; heartbeats < (elapsed * silent.length) / 300; heartbeats += 1) {
      const station = silent[heartbeats % silent.length]
      if (station !== undefined) void send(station.call(heartbeat))
    }
    for (; readings < (elapsed * charging.length) / 60; readings += 1) {
      const station = charging[readings % charging.length]
      if (station !== undefined) void send(sendMeterValues(station))
    }
    await pause(IDLE_STEP_MS)
  }
  const endsAt = performance.now() + ANSWERED_WITHIN_MS
  while (pending > 0 && performance.now() < endsAt) await pause(IDLE_STEP_MS)
  if (pending > 0) reasons['no answer'] = pending
  const failed = Object.values(reasons).reduce((sum, one) => sum + one, 0)
  const p99Ms = percentile(Float64Array.from(latencies).sort(), 0.99)
  return { answered: latencies.length, failed, reasons, p99Ms }
}

async function chargeOnce(station: Station, tokens: number): Promise<void> {
  const token = nextToken(tokens)
  assertAccepted(await station.call(encodeText(authorize(token))))
  const transaction = await start(station, token)
  for (let at = 0; at < METER_VALUES_OF_SESSION; at += 1) await sendMeterValues(station)
  station.transaction = undefined
  assertAccepted(await station.call(encodeText(stopTransaction(token, transaction, next()))))
}

async function start(station: Station, token: string): Promise<number> {
  const answer = await station.call(encodeText(startTransaction(token, next())))
  assertAccepted(answer)
  const [, , { transactionId }] = JSON.parse(answer.toString())
  station.transaction = transactionId
  return transactionId
}

async function sendMeterValues(station: Station): Promise<void> {
  const { transaction } = station
  if (transaction === undefined) throw new Error(`${station.id} has no transaction`)
  await station.call(encodeText(meterValues(transaction, next())))
}

function assertAccepted(answer: Buffer): void {
  if (!answer.includes('"Accepted"')) throw new Error(`not accepted: ${answer}`)
}

function next(): number {
  last += 1
  return last
}

let tokensUsed = 0

function nextToken(tokens: number): string {
  tokensUsed += 1
  return tokenUid((tokensUsed * 7919) % tokens)
}

function describe(latencies: readonly number[], startedAt: number): LoadResult {
  const sorted = Float64Array.from(latencies).sort()
  return {
    count: latencies.length,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  }
}
