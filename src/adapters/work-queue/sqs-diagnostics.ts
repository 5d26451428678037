import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { SqsPollerConfig } from '../../config/adapters.ts'
import { FleetgridError } from '../../domain/errors.ts'
import type { DeadLetter } from '../../ports/dead-letters.ts'
import type { WriteReport } from '../../ports/write-report.ts'
import { createSqsClient } from '../sqs/create-client.ts'
import { describeFailure } from '../sqs/describe-failure.ts'

// What passes through here: rejected messages → a queue for whoever mends their senders. The message is
// what came, character by character; why it was rejected travels beside it, as attributes.

/** SQS quotas: messages of a batch, and bytes of all of them, attributes included. */
const BATCH_MAX = 10
const BATCH_MAX_BYTES = 1_048_576
/** Names, types and values of the attributes, the reason at its longest. */
const ATTRIBUTES_BYTES = 3400
const REASON_LENGTH_MAX = 1000
const REQUESTS_MAX = 4
const REQUEST_TIMEOUT_MS = 10_000
/**
 * SQS takes what is beyond U+FFFF, too, but fauxqs 2.4.1 doesn't, and base64 is never wrong.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const UNSENDABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/u

export interface Diagnostics {
  keep(letters: readonly DeadLetter[]): Promise<WriteReport>
  close(): void
}

/** What no message can hold is `rejected`: it has to be kept elsewhere. */
export function createSqsDiagnostics(config: SqsPollerConfig): Diagnostics {
  const client = createSqsClient(config.aws, {
    requestsMax: REQUESTS_MAX,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  })
  return {
    async keep(letters) {
      const retry: number[] = []
      const rejected: { index: number; reason: string }[] = []
      let retryReason: string | undefined
      for (const batch of splitBatches(letters, rejected)) {
        const failed = await sendBatch(client, config.queueUrl, letters, batch)
        retry.push(...failed.indices)
        retryReason ??= failed.reason
      }
      const accepted = letters.length - retry.length - rejected.length
      const report = { accepted, duplicates: [], rejected, retry }
      return retryReason === undefined ? report : { ...report, retryReason }
    },
    close: () => client.destroy(),
  }
}

/** Indices of letters; no batch is larger than SQS takes. */
export function splitBatches(
  letters: readonly DeadLetter[],
  rejected: { index: number; reason: string }[] = [],
): number[][] {
  const batches: number[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const [index, { payload }] of letters.entries()) {
    const size = Buffer.byteLength(toBody(payload).text) + ATTRIBUTES_BYTES
    if (size > BATCH_MAX_BYTES) {
      const reason = `with its reason larger than ${BATCH_MAX_BYTES} bytes, which is the most that SQS takes`
      rejected.push({ index, reason })
      continue
    }
    const last = batches.at(-1)
    if (last === undefined || last.length === BATCH_MAX || bytes + size > BATCH_MAX_BYTES) {
      batches.push([index])
      bytes = size
    } else {
      last.push(index)
      bytes += size
    }
  }
  return batches
}

async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  letters: readonly DeadLetter[],
  batch: readonly number[],
): Promise<{ readonly indices: readonly number[]; readonly reason?: string }> {
  try {
    const { Successful = [], Failed = [] } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map((index) => toEntry(String(index), letters[index] as DeadLetter)),
      }),
    )
    // What is not named as sent may be lost.
    const sent = new Set(Successful.map(({ Id }) => Number(Id)))
    const indices = batch.filter((index) => !sent.has(index))
    if (indices.length === 0) return { indices }
    const [first] = Failed
    return { indices, reason: `${first?.Code ?? 'no answer'}: ${first?.Message ?? ''}` }
  } catch (error) {
    const { message } = describeFailure(error, queueUrl, 'sqs:SendMessage')
    if (batch.length === letters.length) {
      throw new FleetgridError('unavailable', message, { cause: error })
    }
    return { indices: batch, reason: message }
  }
}

function toEntry(id: string, { topic, payload, reason, receivedAt }: DeadLetter) {
  const { text, encoding } = toBody(payload)
  const attribute = (value: string) => ({ DataType: 'String', StringValue: value })
  return {
    Id: id,
    MessageBody: text,
    MessageAttributes: {
      reason: attribute(sendable(reason.slice(0, REASON_LENGTH_MAX))),
      source: attribute(topic),
      received: attribute(new Date(receivedAt).toISOString()),
      encoding: attribute(encoding),
    },
  }
}

/** SQS takes no empty body, and not every character. */
function toBody(payload: Uint8Array): { text: string; encoding: 'as-received' | 'base64' } {
  const text = Buffer.from(payload).toString('utf8')
  if (text !== '' && !UNSENDABLE.test(text)) return { text, encoding: 'as-received' }
  return { text: `base64:${Buffer.from(payload).toString('base64')}`, encoding: 'base64' }
}

function sendable(text: string): string {
  return text.replace(new RegExp(UNSENDABLE.source, 'gu'), '\ufffd')
}
