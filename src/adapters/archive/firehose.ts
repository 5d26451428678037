import {
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose'
import type { FirehoseArchiveConfig } from '../../config/adapters.ts'
import { errorMessage, FleetgridError } from '../../domain/errors.ts'
import type { Archive, ArchiveRecord } from '../../ports/archive.ts'
import type { WriteReport } from '../../ports/write-report.ts'

// What passes through here: records → PutRecordBatch calls of Amazon Data Firehose, which buffers,
// compresses and delivers. An answer of 200 may name failures: each entry is looked at.

/** https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
const RECORDS_MAX = 500
const CALL_MAX_BYTES = 4 * 1_048_576
const RECORD_MAX_BYTES = 1_024_000
const CONNECT_TIMEOUT_MS = 5000
const FAILURES_BEFORE_PROBLEM = 3

export function createFirehoseArchive(config: FirehoseArchiveConfig): Archive {
  return new FirehoseArchive(config)
}

class FirehoseArchive implements Archive {
  readonly #config: FirehoseArchiveConfig
  readonly #client: FirehoseClient
  #failures = 0
  #problem: string | undefined

  constructor(config: FirehoseArchiveConfig) {
    this.#config = config
    const { region, endpoint } = config.aws
    this.#client = new FirehoseClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      // Whoever appends knows better when to try again.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: config.requestTimeoutMs,
        throwOnRequestTimeout: true,
      },
    })
  }

  /** @throws FleetgridError `unavailable` with advice if the stream isn't there or refuses us */
  async open(): Promise<void> {
    const DeliveryStreamName = this.#config.streamName
    try {
      await this.#client.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName, Limit: 1 }))
    } catch (error) {
      throw new FleetgridError('unavailable', this.#advise(error), { cause: error })
    }
  }

  async append(records: readonly ArchiveRecord[]): Promise<WriteReport> {
    const retry: number[] = []
    const rejected: { index: number; reason: string }[] = []
    let retryReason: string | undefined
    for (const call of splitCalls(records, rejected)) {
      // Once a call has failed, those behind it would wait for the same time-out.
      if (retryReason !== undefined) {
        retry.push(...call)
        continue
      }
      const failed = await this.#put(records, call)
      retry.push(...failed.indices)
      retryReason = failed.reason
    }
    this.#note(retryReason)
    const accepted = records.length - retry.length - rejected.length
    const report = { accepted, duplicates: [], rejected, retry }
    return retryReason === undefined ? report : { ...report, retryReason }
  }

  /** Firehose delivers when it is time; nobody can ask for it. */
  async flush(): Promise<void> {}

  problems(): readonly string[] {
    const isLasting = this.#failures >= FAILURES_BEFORE_PROBLEM
    return isLasting && this.#problem !== undefined ? [this.#problem] : []
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  async #put(
    records: readonly ArchiveRecord[],
    call: readonly number[],
  ): Promise<{ readonly indices: readonly number[]; readonly reason: string | undefined }> {
    try {
      const { RequestResponses: answers = [] } = await this.#client.send(
        new PutRecordBatchCommand({
          DeliveryStreamName: this.#config.streamName,
          Records: call.map((index) => ({ Data: records[index]?.data })),
        }),
      )
      const indices = call.filter((_, at) => answers[at] === undefined || answers[at].ErrorCode)
      const first = answers.find(({ ErrorCode }) => ErrorCode)
      const named = `${first?.ErrorCode ?? 'no answer'}: ${first?.ErrorMessage ?? ''}`
      return { indices, reason: indices.length === 0 ? undefined : named }
    } catch (error) {
      return { indices: call, reason: this.#advise(error) }
    }
  }

  #note(problem: string | undefined): void {
    this.#failures = problem === undefined ? 0 : this.#failures + 1
    this.#problem = problem
  }

  #advise(error: unknown): string {
    const { name = '' } = error as { name?: string }
    const place = `Firehose stream ${this.#config.streamName} in ${this.#config.aws.region}`
    const said = `(${name}: ${errorMessage(error)})`
    if (name === 'ResourceNotFoundException') {
      return `${place}: there is no such stream: check ARCHIVE_FIREHOSE_NAME and AWS_REGION ${said}`
    }
    if (/AccessDenied|Credential|UnrecognizedClient|ExpiredToken/.test(name)) {
      return `${place}: its role needs firehose:PutRecordBatch and firehose:DescribeDeliveryStream ${said}`
    }
    return `${place} does not answer as it should, will be tried again ${said}`
  }
}

/** Indices of each call; what no call takes is rejected. */
function splitCalls(
  records: readonly ArchiveRecord[],
  rejected: { index: number; reason: string }[],
): number[][] {
  const calls: number[][] = []
  let bytes = 0
  for (const [index, { data }] of records.entries()) {
    if (data.length > RECORD_MAX_BYTES) {
      rejected.push({
        index,
        reason: `larger than ${RECORD_MAX_BYTES} bytes, which is the most that Firehose takes: ${data.length}`,
      })
      continue
    }
    const last = calls.at(-1)
    if (last === undefined || last.length === RECORDS_MAX || bytes + data.length > CALL_MAX_BYTES) {
      calls.push([index])
      bytes = data.length
    } else {
      last.push(index)
      bytes += data.length
    }
  }
  return calls
}
