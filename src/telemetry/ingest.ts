import type { Logger } from 'pino'
import type { Clock } from '../domain/clock.ts'
import { errorMessage, FleetgridError } from '../domain/errors.ts'
import type { VehicleView } from '../domain/vehicle.ts'
import type { Metrics } from '../http/metrics.ts'
import { Batcher, type Settled } from '../lib/batcher.ts'
import { createRateBudget } from '../lib/rate-budget.ts'
import type { DeadLetter, DeadLetters } from '../ports/dead-letters.ts'
import type { FleetIndex, RegistrySnapshot } from '../ports/fleet-index.ts'
import type { Jobs } from '../ports/jobs.ts'
import { ANOMALY_RECORDS_TOPIC, type FeedMessage } from '../ports/telemetry-feed.ts'
import { applyMessage } from './apply-message.ts'
import { decodeMessage } from './decode-message.ts'
import { Unusable } from './decode-payload.ts'
import { FirstReceived } from './first-received.ts'
import { createIngestMetrics } from './ingest-metrics.ts'
import type { Decoded, JobExecutionMessage } from './messages.ts'
import {
  type Outcome,
  outcomeOf,
  type Redriven,
  redriven,
  type UnusableOutcome,
} from './outcome.ts'
import type { Incoming, Passage } from './passage.ts'
import { type Applied, Registry, type VehicleEntry, viewEntry } from './registry.ts'
import { splitRecords } from './split-records.ts'
import { type TopicFamily, topicFamily, unknownTopic } from './topics.ts'
import type { VehicleEvents } from './vehicle-events.ts'

// What passes through here: a feed's message → decodeMessage → applyMessage → Batcher →
// fleetIndex.write → vehicleEvents, if they are wanted → acknowledge, and the changed vehicles → live
// stream. What can't be used goes to the dead letters instead and is acknowledged when it is durable there.

export interface IngestDeps {
  readonly fleetIndex: FleetIndex
  readonly deadLetters: DeadLetters
  readonly jobs: Jobs
  /** Messages about vehicles are acknowledged when they are published, too; undefined: they aren't. */
  readonly vehicleEvents?: VehicleEvents | undefined
  /** Vehicles whose visible state changed, after the change is durable. */
  readonly onVehiclesChanged: (changed: readonly VehicleView[], deleted: readonly string[]) => void
  /** Statuses or devices are durable that weren't before. */
  readonly onStatusesStored: () => void
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
  readonly config: IngestConfig
}

export interface IngestConfig {
  readonly messageSizeMaxBytes: number
  readonly acknowledgeDeadlineMs: number
  readonly clockSkewToleranceMs: number
  readonly oilTemperatureLimitF: number | undefined
  readonly vehiclesMax: number
  readonly devicesMax: number
  readonly writeBatchMax: number
  readonly writeQueueMax: number
}

interface Work {
  readonly change: Applied['change']
  readonly visible: Applied['visible']
  /** Undefined: no message, but the registry's own. */
  readonly passage: Passage | undefined
}

/** Messages without a usable time of their own that are recognised when they come again. */
const FIRST_RECEIVED_MAX = 100_000

/** Joins with other instances that are written at once. */
const JOINS_MAX = 500

/** A write that keeps failing is an ERROR at its third attempt and about once a minute. */
const ATTEMPTS_PER_ERROR = 15

interface Letter {
  readonly letter: DeadLetter
  readonly kept: (result: Settled) => void
}

export class Ingest {
  readonly #deps: IngestDeps
  readonly #registry: Registry
  readonly #metrics: ReturnType<typeof createIngestMetrics>
  readonly #writes: Batcher<Work>
  readonly #letters: Batcher<Letter>
  readonly #logBudget: ReturnType<typeof createRateBudget>
  readonly #changed = new Set<VehicleEntry>()
  readonly #firstReceived = new FirstReceived(FIRST_RECEIVED_MAX)
  /** Messages that wait for a look-up of their job. */
  #lookups = new Set<Promise<void>>()

  constructor(deps: IngestDeps) {
    const { config, clock, fleetIndex, deadLetters, metrics } = deps
    this.#deps = deps
    this.#registry = new Registry(config)
    this.#metrics = createIngestMetrics(metrics, config.clockSkewToleranceMs)
    this.#logBudget = createRateBudget(20, 10_000, clock.now)
    this.#writes = new Batcher<Work>({
      ...this.#batching('fleet-index'),
      ...fleetIndex.writing,
      batchMax: config.writeBatchMax,
      write: (works) => fleetIndex.write(works.map((work) => work.change)),
      settle: (work, result) => this.#settleWork(work, result),
    })
    this.#letters = new Batcher<Letter>({
      ...this.#batching('dead-letters'),
      batchMax: 200,
      write: (letters) => deadLetters.keep(letters.map(({ letter }) => letter)),
      settle: ({ kept }, result) => kept(result),
    })
  }

  #batching(sink: string) {
    const { config, clock, metrics, logger } = this.#deps
    const batchSize = metrics.batchSize.labels(sink)
    const writeSeconds = metrics.writeSeconds.labels(sink)
    return {
      queueMax: config.writeQueueMax,
      deadlineMs: config.acknowledgeDeadlineMs,
      now: clock.now,
      onBatch: (items: readonly unknown[], durationMs: number) => {
        batchSize.observe(items.length)
        writeSeconds.observe(durationMs / 1000)
        this.#metrics.flush()
        if (sink === 'fleet-index') this.#announce()
      },
      onRetry: (count: number, attempt: number, cause: unknown) => {
        metrics.writeRetries.inc({ sink }, count)
        // What heals by itself does so at once; what doesn't needs a person, who is told again.
        const level = attempt % ATTEMPTS_PER_ERROR === 3 ? 'error' : 'warn'
        logger[level]({ sink, count, attempt, cause }, 'write failed, will be tried again')
      },
      onRecovered: () => logger.info({ sink }, 'writes succeed again'),
    }
  }

  /** Fills the registry from the index; before the first message. */
  async load(signal?: AbortSignal): Promise<void> {
    for await (const snapshot of this.#deps.fleetIndex.loadRegistry()) {
      signal?.throwIfAborted()
      this.#registry.load(snapshot)
      for (const { status } of snapshot.vehicles) {
        this.#changed.add(this.#registry.vehicle(status.vin))
      }
      this.#announce()
    }
    this.#registry.settle()
    this.#storeJoins()
    this.#deps.metrics.vehicles.set(this.#registry.size)
  }

  /** Takes in what other instances have stored. */
  learn(snapshot: RegistrySnapshot): void {
    for (const entry of this.#registry.learn(snapshot)) this.#changed.add(entry)
    this.#storeJoins()
    this.#announce()
  }

  /** Nobody waits for these, and messages go first: what isn't stored now is named again. */
  #storeJoins(): void {
    if (this.#writes.size > this.#deps.config.writeQueueMax / 2) return
    for (const change of this.#registry.takeUnstored(JOINS_MAX)) {
      this.#writes.add({ change, visible: undefined, passage: undefined })
    }
  }

  /** Takes one message of the feed; acknowledges or refuses it later. Never throws, never waits. */
  deliver(message: FeedMessage): void {
    const tell = this.#answerFeed as Passage['tell']
    if (message.topic !== ANOMALY_RECORDS_TOPIC) this.#process(message, tell)
    else for (const part of splitRecords(message)) this.#process(part, tell)
  }

  readonly #answerFeed = (outcome: Outcome, message: FeedMessage): void => {
    if (outcome.kind === 'unusable') this.#bury(message, outcome)
    else if (outcome.kind === 'refused') this.#refuse(message, outcome.reason)
    else message.acknowledge()
  }

  #refuse(message: FeedMessage, reason: string): void {
    const suppressed = this.#logBudget.take()
    if (suppressed !== undefined) {
      const { topic } = message
      this.#deps.logger.warn(
        { topic, reason, suppressed },
        'message refused, its sender tries again',
      )
    }
    message.refuse(reason)
  }

  /** Sends a dead letter's message through again, with the time at which it first came. */
  redrive(letter: DeadLetter & { firstReceivedAt: number }): Promise<Redriven> {
    const { topic, payload, firstReceivedAt } = letter
    return new Promise((resolve) => {
      this.#process({ topic, payload, receivedAt: firstReceivedAt }, (outcome) => {
        resolve(redriven(outcome))
      })
    })
  }

  /** What keeps messages from being stored right now; empty when all is well. */
  problems(): string[] {
    const problems: string[] = []
    if (this.#writes.failing) {
      problems.push(`fleet index: writes fail, ${this.#writes.size} messages wait for it`)
    }
    if (this.#letters.failing) {
      problems.push(`dead letters: writes fail, ${this.#letters.size} messages wait for them`)
    }
    return problems
  }

  /** Resolves when every message that was delivered is acknowledged or refused. */
  async drain(): Promise<void> {
    await Promise.all(this.#lookups)
    await this.#writes.drain()
    await this.#deps.vehicleEvents?.drain()
    await this.#letters.drain()
  }

  /** Refuses what is left. */
  abort(reason: string): void {
    this.#writes.abort(reason)
    this.#deps.vehicleEvents?.abort(reason)
    this.#letters.abort(reason)
  }

  #process(incoming: Incoming, tell: Passage['tell']): void {
    const family = topicFamily(incoming.topic) ?? 'other'
    const passage: Passage = { incoming, family, tell }
    if (family === 'other') {
      this.#end(passage, { kind: 'unusable', reason: unknownTopic(incoming.topic) })
      return
    }
    try {
      this.#decode(passage, family)
    } catch (error) {
      // A bug must not take the feed down: the message is kept for whoever mends it.
      const suppressed = this.#logBudget.take()
      if (suppressed !== undefined) {
        const { topic } = incoming
        this.#deps.logger.error({ err: error, topic, suppressed }, 'failed to handle a message')
      }
      this.#end(passage, { kind: 'unusable', reason: `internal error: ${errorMessage(error)}` })
    }
  }

  #decode(passage: Passage, family: TopicFamily): void {
    const { receivedAt } = passage.incoming
    const decoded = this.#decodeAsFirstReceived(passage.incoming, family)
    if (!decoded.usable) {
      const { usable: _, ...fault } = decoded
      this.#end(passage, { kind: 'unusable', ...fault })
      return
    }
    const { message } = decoded
    if (message === undefined) {
      this.#end(passage, { kind: 'ignored' })
      return
    }
    passage.sentAt = message.sentAt
    this.#metrics.inspect(family, message, receivedAt)
    if (message.kind !== 'job-execution') this.#apply(message, passage)
    else if (message.succeeded) this.#applyJob(message, passage)
    else this.#end(passage, { kind: 'ignored' })
  }

  /** A version that is the receive time is that of the first delivery, however often it comes. */
  #decodeAsFirstReceived({ payload, receivedAt }: Incoming, family: TopicFamily): Decoded {
    const sizeMaxBytes = this.#deps.config.messageSizeMaxBytes
    const decoded = decodeMessage({ family, payload, receivedAt, sizeMaxBytes })
    if (!decoded.usable || decoded.message?.stamp.at !== receivedAt) return decoded
    const first = this.#firstReceived.note(decoded.message.stamp.id, receivedAt)
    if (first === receivedAt) return decoded
    return decodeMessage({ family, payload, receivedAt: first, sizeMaxBytes })
  }

  #apply(message: Parameters<typeof applyMessage>[1], passage: Passage): void {
    const { receivedAt } = passage.incoming
    const { vehicleEvents } = this.#deps
    try {
      const { clockSkewToleranceMs, oilTemperatureLimitF } = this.#deps.config
      const options = { receivedAt, clockSkewToleranceMs, oilTemperatureLimitF }
      const { change, visible } = applyMessage(this.#registry, message, options)
      if (vehicleEvents !== undefined && 'vin' in message) {
        passage.place = vehicleEvents.expect(message, passage.incoming)
      }
      this.#writes.add({ change, visible, passage })
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      this.#end(passage, { kind: 'unusable', reason: error.message })
    }
  }

  /** Only a job that succeeded changes anything: its device now has the version it installs. */
  #applyJob({ jobId, deviceId, stamp }: JobExecutionMessage, passage: Passage): void {
    const lookup = this.#deps.jobs
      .desiredVersion(jobId)
      .then((version) => {
        if (version === undefined) {
          const reason = `job ${jobId} is not known; redrive this when it is`
          this.#end(passage, { kind: 'unusable', reason })
        } else {
          this.#apply({ kind: 'software-installed', deviceId, version, stamp }, passage)
        }
      })
      .catch((error: unknown) => {
        const reason = `job ${jobId}: ${errorMessage(error)}`
        const isHopeless = error instanceof FleetgridError && error.kind === 'invalid'
        this.#end(passage, { kind: isHopeless ? 'unusable' : 'refused', reason })
      })
      .finally(() => this.#lookups.delete(lookup))
    this.#lookups.add(lookup)
  }

  #settleWork(work: Work, result: Settled): void {
    const { passage } = work
    const { isShared } = this.#deps.fleetIndex
    // A shared index completes what an earlier try had left out, also where the rest was there.
    if (result.outcome === 'accepted' || (isShared && result.outcome === 'duplicate')) {
      this.#noteStored(work)
    } else if (result.outcome === 'duplicate') this.#registry.noteVisible(work, this.#changed)
    if (passage === undefined) {
      if ('reason' in result) this.#logJoin(result.reason)
      return
    }
    if (result.outcome === 'accepted') {
      const { incoming, sentAt } = passage
      this.#metrics.observeLatency(this.#deps.clock.now(), incoming.receivedAt, sentAt)
    }
    this.#end(passage, outcomeOf(result))
  }

  #logJoin(reason: string): void {
    const suppressed = this.#logBudget.take()
    if (suppressed === undefined) return
    this.#deps.logger.warn({ reason, suppressed }, 'a join with other instances is not stored yet')
  }

  #noteStored(work: Work): void {
    this.#registry.noteStored(work, this.#changed)
    const { statuses, devices } = work.change
    if (statuses?.length || devices?.length) this.#deps.onStatusesStored()
  }

  #end(passage: Passage, outcome: Outcome): void {
    const { vehicleEvents } = this.#deps
    if (passage.place === undefined || vehicleEvents === undefined) {
      this.#finish(passage, outcome)
      return
    }
    vehicleEvents.end(passage.place, outcome, (published) => {
      this.#finish(passage, published)
      this.#metrics.flush()
    })
  }

  #finish({ family, incoming, tell }: Passage, outcome: Outcome): void {
    this.#metrics.count(family, outcome)
    tell(outcome, incoming)
  }

  #announce(): void {
    this.#deps.metrics.vehicles.set(this.#registry.size)
    this.#deps.metrics.queued.set({ sink: 'fleet-index' }, this.#writes.size)
    if (this.#changed.size === 0) return
    const views: VehicleView[] = []
    const deleted: string[] = []
    for (const entry of this.#changed) {
      const view = viewEntry(entry)
      if (view === undefined) deleted.push(entry.status.vin)
      else views.push(view)
    }
    this.#changed.clear()
    this.#deps.onVehiclesChanged(views, deleted)
  }

  #bury(message: FeedMessage, { reason, original }: UnusableOutcome): void {
    const { topic, payload } = original ?? message
    const { receivedAt } = message
    const suppressed = this.#logBudget.take()
    if (suppressed !== undefined) {
      this.#deps.logger.warn({ topic, reason, suppressed }, 'message kept as a dead letter')
    }
    const kept = (result: Settled): void => {
      if ('reason' in result) this.#refuse(message, result.reason)
      else message.acknowledge()
    }
    this.#letters.add({ letter: { topic, payload, reason, receivedAt }, kept })
  }
}
