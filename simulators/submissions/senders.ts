import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'

/** Where submissions go. */
export interface Sender {
  /** Those that were not taken, by their index; all of them if it throws. */
  send(bodies: readonly string[]): Promise<readonly number[]>
  close(): void
}

export const BATCH_MAX = 10
const TIMEOUT_MS = 30_000

/** An SQS queue; region and keys as the AWS SDK finds them, AWS_ENDPOINT_URL or else the URL's host. */
export function createQueueSender(queueUrl: string): Sender {
  const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region = 'us-east-1' } = process.env
  const client = new SQSClient({ region, endpoint: endpoint ?? new URL(queueUrl).origin })
  return {
    async send(bodies) {
      const { Failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })),
        }),
      )
      return Failed.map(({ Id }) => Number(Id))
    },
    close: () => client.destroy(),
  }
}

/** Fleetgrid itself, in the envelope of an SQS queue's Lambda. */
export function createHttpSender(url: string, token: string | undefined): Sender {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  return {
    async send(bodies) {
      const Records = bodies.map((body, index) => ({ messageId: String(index), body }))
      const answer = await fetch(new URL('/submissions/replay', url), {
        method: 'POST',
        headers,
        body: JSON.stringify({ Records }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`)
      const { batchItemFailures } = (await answer.json()) as {
        batchItemFailures: { itemIdentifier: string }[]
      }
      return batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier))
    },
    close: () => undefined,
  }
}
