import { createHash } from 'node:crypto'
import {
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsResultEntry,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { KinesisStreamConfig } from '../../config/adapters.ts'
import { FleetgridError } from '../../domain/errors.ts'
import type { EventStream, StreamRecord } from '../../ports/event-stream.ts'
import type { WriteReport } from '../../ports/write-report.ts'
import { describeFailure, isPermanent, isRefusedInput } from './kinesis/describe-failure.ts'
import { readShards, type Shard, shardOf } from './kinesis/shards.ts'

// What passes through here: records → PutRecords calls → what became of each. An answer of 200 may name
// failures, and its FailedRecordCount may be wrong (LocalStack says 1 for all): each entry is looked at.

const CONNECT_TIMEOUT_MS = 5000
const SHARDS_INTERVAL_MS = 60_000
/** Failed calls in a row before readiness tells of it. */
const FAILURES_BEFORE_PROBLEM = 3
const CONNECTIONS_MAX = 32

export function createKinesisStream(config: KinesisStreamConfig): EventStream {
  return new KinesisStream(config)
}

class KinesisStream implements EventStream {
  readonly limits: EventStream['limits']
  readonly #config: KinesisStreamConfig
  readonly #client: KinesisClient
  #shards: readonly Shard[] = []
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #problem: string | undefined

  constructor(config: KinesisStreamConfig) {
    this.#config = config
    this.limits = config.limits
    const { region, endpoint } = config.aws
    const agent = { keepAlive: true, maxSockets: CONNECTIONS_MAX }
    this.#client = new KinesisClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      // Whoever appends knows better when to try again.
      maxAttempts: 1,
      // Its default speaks HTTP/2, on one connection for all calls; some emulators only HTTP/1.
      requestHandler: new NodeHttpHandler({
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: config.requestTimeoutMs,
        throwOnRequestTimeout: true,
        httpAgent: agent,
        httpsAgent: agent,
      }),
    })
  }

  /** @throws FleetgridError `unavailable` with advice if the stream isn't there or refuses us */
  async open(): Promise<void> {
    try {
      await this.#readShards()
    } catch (error) {
      const { message } = describeFailure(error, this.#config, 'kinesis:ListShards')
      throw new FleetgridError('unavailable', message, { cause: error })
    }
    this.#timer = setInterval(() => {
      // Shards are split and merged seldom; until they are known again, the older ones do.
      this.#readShards().catch(() => undefined)
    }, SHARDS_INTERVAL_MS).unref()
  }

  async append(records: readonly StreamRecord[]): Promise<WriteReport> {
    try {
      const report = await this.#put(records)
      this.#failures = 0
      this.#problem = undefined
      return report
    } catch (error) {
      if (isRefusedInput(error)) return this.#appendHalves(records, error)
      const { message } = describeFailure(error, this.#config, 'kinesis:PutRecords')
      this.#failures += 1
      this.#problem = message
      throw new FleetgridError('unavailable', message, { cause: error })
    }
  }

  partitionOf(key: string): string {
    return shardOf(this.#shards, createHash('md5').update(key).digest('hex'))
  }

  problems(): readonly string[] {
    const isLasting = this.#failures >= FAILURES_BEFORE_PROBLEM
    return isLasting && this.#problem !== undefined ? [this.#problem] : []
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#client.destroy()
  }

  async #put(records: readonly StreamRecord[]): Promise<WriteReport> {
    const { Records: answers = [] } = await this.#client.send(
      new PutRecordsCommand({
        StreamName: this.#config.streamName,
        Records: records.map(({ key, data }) => ({ PartitionKey: key, Data: data })),
      }),
    )
    if (answers.length !== records.length) {
      throw new Error(`${answers.length} answers came for ${records.length} records`)
    }
    return toReport(answers)
  }

  /** One of them is refused, and with it the whole call: which one? */
  async #appendHalves(records: readonly StreamRecord[], error: unknown): Promise<WriteReport> {
    if (records.length === 1) {
      const reason = `the stream refuses it: ${(error as Error).message.slice(0, 300)}`
      return { accepted: 0, duplicates: [], rejected: [{ index: 0, reason }], retry: [] }
    }
    const middle = Math.ceil(records.length / 2)
    const first = await this.#appendHalf(records.slice(0, middle))
    const second = await this.#appendHalf(records.slice(middle))
    return join(first, second, middle)
  }

  /** The other half may be stored: only this one comes again if nothing is known of it. */
  async #appendHalf(records: readonly StreamRecord[]): Promise<WriteReport> {
    try {
      return await this.append(records)
    } catch (error) {
      const retry = [...records.keys()]
      const retryReason = (error as Error).message
      return { accepted: 0, duplicates: [], rejected: [], retry, retryReason }
    }
  }

  async #readShards(): Promise<void> {
    this.#shards = await readShards(async (nextToken) => {
      const place =
        nextToken === undefined ? { StreamName: this.#config.streamName } : { NextToken: nextToken }
      return this.#client.send(new ListShardsCommand(place))
    })
  }
}

function toReport(answers: readonly PutRecordsResultEntry[]): WriteReport {
  const retry: number[] = []
  const rejected: { index: number; reason: string }[] = []
  let retryReason: string | undefined
  for (const [index, { ErrorCode: code, ErrorMessage: message = '' }] of answers.entries()) {
    if (code === undefined || code === null) continue
    const reason = `${code}: ${message}`.slice(0, 300)
    if (isPermanent(code)) {
      rejected.push({ index, reason: `the stream refuses it: ${reason}` })
    } else {
      retry.push(index)
      retryReason ??= reason
    }
  }
  const accepted = answers.length - retry.length - rejected.length
  return {
    ...{ accepted, duplicates: [], rejected, retry },
    ...(retryReason === undefined ? {} : { retryReason }),
  }
}

function join(first: WriteReport, second: WriteReport, offset: number): WriteReport {
  const retryReason = first.retryReason ?? second.retryReason
  return {
    accepted: first.accepted + second.accepted,
    duplicates: [],
    rejected: [
      ...first.rejected,
      ...second.rejected.map(({ index, reason }) => ({ index: index + offset, reason })),
    ],
    retry: [...first.retry, ...second.retry.map((index) => index + offset)],
    ...(retryReason === undefined ? {} : { retryReason }),
  }
}
