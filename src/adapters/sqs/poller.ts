import { type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { SqsPollerConfig } from '../../config/adapters.ts'
import { errorMessage } from '../../domain/errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { pause } from '../../lib/pause.ts'
import type { QueueMessage } from '../../ports/work-queue.ts'
import { createSqsClient } from './create-client.ts'
import { describeFailure } from './describe-failure.ts'
import { ATTEMPTS_BEFORE_PROBLEM, InFlight, REQUESTS_MAX } from './in-flight.ts'
import type { SqsEvent } from './sqs-event.ts'

// What passes through here: long polls → messages → whoever handles them → deleted, or given back
// to the queue. The queue needs no redrive policy of its own, and better has none: a message that
// can't be stored now comes again until it can, and what can never be is for the handler to keep.

export interface SqsPollerOptions {
  /** Called as things happen. What it throws is ignored: watching must not stop the work. */
  readonly onEvent: (event: SqsEvent) => void
  readonly now: () => number
}

/** SQS API, ReceiveMessage: the longest that a receive may wait. */
const WAIT_SECONDS = 20
const REQUEST_TIMEOUT_MS = 30_000
/** `start` fails if the queue hasn't answered by then. */
const FIRST_ANSWER_MS = 30_000
const RETRY = { baseMs: 200, maxMs: 20_000 }
/** What needs a person is asked for again at this pace. */
const PERSON_RETRY = { baseMs: 60_000, maxMs: 60_000 }

/** Receives from one queue until it is stopped. Made once, started once. */
export class SqsPoller {
  readonly #config: SqsPollerConfig
  readonly #options: SqsPollerOptions
  readonly #client: SQSClient
  readonly #inFlight: InFlight
  readonly #stop = new AbortController()
  #deliver: (message: QueueMessage) => void = () => undefined
  #loops: Promise<void>[] = []
  #failures = 0
  #failure: string | undefined
  #hasAnswered = false
  #closing: Promise<void> | undefined

  constructor(config: SqsPollerConfig, options: SqsPollerOptions) {
    this.#config = config
    this.#options = { ...options, onEvent: ignoringErrors(options.onEvent) }
    this.#client = createSqsClient(config.aws, {
      requestsMax: config.pollers + REQUESTS_MAX,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    })
    this.#inFlight = new InFlight(this.#client, config, this.#options.onEvent)
  }

  /**
   * Resolves when the queue has answered once; `deliver` must neither throw nor wait.
   * @throws Error with advice if it doesn't answer for 30 s, or refuses us
   */
  async start(deliver: (message: QueueMessage) => void): Promise<void> {
    this.#deliver = deliver
    this.#inFlight.start()
    let settle = (_problem?: string): void => undefined
    const answered = new Promise<string | undefined>((resolve) => {
      settle = resolve
    })
    const timer = setTimeout(() => settle(this.#failure ?? 'no answer'), FIRST_ANSWER_MS)
    for (let number = 0; number < this.#config.pollers; number += 1) {
      this.#loops.push(this.#receiveLoop(settle))
    }
    const problem = await answered
    clearTimeout(timer)
    if (problem === undefined) return
    await this.close()
    throw new Error(problem)
  }

  /** Ends the long polls at once. What is out may still be deleted or released. */
  async stopReceiving(): Promise<void> {
    this.#stop.abort()
    this.#inFlight.wakeAll()
    await Promise.all(this.#loops)
  }

  /** What is out goes back to the queue; deletes under way are waited for, but not for long. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** What keeps messages from coming or leaving, for readiness; empty when all is well. */
  problems(): string[] {
    const { pollers } = this.#config
    const isLasting = this.#failures >= ATTEMPTS_BEFORE_PROBLEM * pollers
    const receiving = isLasting && this.#failure !== undefined ? [this.#failure] : []
    return [...receiving, ...this.#inFlight.problems()]
  }

  async #close(): Promise<void> {
    await this.stopReceiving()
    await this.#inFlight.close()
    this.#client.destroy()
  }

  async #receiveLoop(tell: (problem?: string) => void): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#receiveOnce(tell)
      } catch (error) {
        // The queue failed, or we did: neither ends the loop.
        if (!signal.aborted) await this.#noteFailure(error, tell)
      }
    }
  }

  async #receiveOnce(tell: () => void): Promise<void> {
    const { signal } = this.#stop
    const { receiveMax } = this.#config
    let messages: readonly Message[] = []
    await this.#inFlight.reserve(receiveMax)
    try {
      if (!signal.aborted) messages = await this.#receive()
    } finally {
      this.#inFlight.unreserve(receiveMax)
    }
    if (!signal.aborted) this.#noteAnswer()
    tell()
    this.#take(messages)
  }

  async #receive(): Promise<readonly Message[]> {
    const { queueUrl, receiveMax, visibilityMs } = this.#config
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: receiveMax,
      // The first is to tell at once whether the queue answers.
      WaitTimeSeconds: this.#hasAnswered ? WAIT_SECONDS : 0,
      VisibilityTimeout: Math.ceil(visibilityMs / 1000),
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
    })
    const { Messages = [] } = await this.#client.send(command, { abortSignal: this.#stop.signal })
    return Messages
  }

  /** Also what an aborted poll had received already: it must not wait for its visibility to end. */
  #take(messages: readonly Message[]): void {
    if (messages.length === 0) return
    this.#options.onEvent({ kind: 'received', count: messages.length })
    for (const message of messages) {
      const id = this.#inFlight.track(message)
      if (id === undefined) continue
      if (this.#stop.signal.aborted) this.#inFlight.releaseNow(id)
      else this.#handOver(this.#toQueueMessage(message))
    }
  }

  /** A bug of the handler costs one message some time, not the process and with it all of them. */
  #handOver(message: QueueMessage): void {
    try {
      this.#deliver(message)
    } catch (error) {
      const { id, receiveCount: attempt } = message
      this.#options.onEvent({
        kind: 'failed',
        operation: 'deliver',
        attempt,
        needsPerson: true,
        message: `SQS queue ${this.#config.queueUrl}: a bug of ours with message ${id}, which is given back and comes again; please report it (${describeBug(error)})`,
      })
      message.release()
    }
  }

  #toQueueMessage(message: Message): QueueMessage {
    const { MessageId: id = '', Body: body = '', Attributes = {} } = message
    const receiveCount = Number(Attributes.ApproximateReceiveCount ?? 1)
    const now = this.#options.now()
    const sentAt = Number(Attributes.SentTimestamp ?? now)
    const inFlight = this.#inFlight
    return {
      id,
      body,
      receiveCount,
      sentAt: Math.min(sentAt, now),
      delete: () => inFlight.delete(id),
      release: () => inFlight.releaseLater(id, receiveCount),
    }
  }

  #noteAnswer(): void {
    this.#hasAnswered = true
    if (this.#failures === 0) return
    this.#failures = 0
    this.#failure = undefined
    this.#options.onEvent({ kind: 'recovered', operation: 'receive' })
  }

  /** All loops fail together: they share one count, and one of them tells each round. */
  async #noteFailure(error: unknown, tell: (problem?: string) => void): Promise<void> {
    const { queueUrl, pollers } = this.#config
    const { needsPerson, message } = describeFailure(error, queueUrl, 'sqs:ReceiveMessage')
    const attempt = Math.floor(this.#failures / pollers) + 1
    const isFirstOfRound = this.#failures % pollers === 0
    this.#failures += 1
    this.#failure = message
    if (isFirstOfRound) {
      this.#options.onEvent({ kind: 'failed', operation: 'receive', attempt, needsPerson, message })
    }
    if (needsPerson && !this.#hasAnswered) tell(message)
    await pause(backoffMs(attempt, needsPerson ? PERSON_RETRY : RETRY), this.#stop.signal)
  }
}

function ignoringErrors(observe: (event: SqsEvent) => void): (event: SqsEvent) => void {
  return (event) => {
    try {
      observe(event)
    } catch {
      // Who would tell is who failed.
    }
  }
}

function describeBug(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : errorMessage(error)
}
