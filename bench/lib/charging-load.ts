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

/**
 * What stations do all day: those that charge send meter values every 60 s, the others a heartbeat
 * every 300 s. @returns how many messages were answered; throws what fails first
 */
export async function idle(stations: readonly Station[], seconds: number): Promise<number> {
  const charging = stations.filter(({ transaction }) => transaction !== undefined)
  const silent = stations.filter(({ transaction }) => transaction === undefined)
  let answered = 0
  const isFailed = Promise.withResolvers<never>()
  const send = (sent: Promise<unknown>): void => {
    sent.then(() => {
      answered += 1
    }, isFailed.reject)
  }
  const startedAt = performance.now()
  let [heartbeats, readings] = [0, 0]
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - startedAt) / 1000) {
    for (; heartbeats < (elapsed * silent.length) / 300; heartbeats += 1) {
      const station = silent[heartbeats % silent.length]
      if (station !== undefined) send(station.call(heartbeat))
    }
    for (; readings < (elapsed * charging.length) / 60; readings += 1) {
      const station = charging[readings % charging.length]
      if (station !== undefined) send(sendMeterValues(station))
    }
    await Promise.race([pause(50), isFailed.promise])
  }
  return answered
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
