import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import type { BatchAnswer } from './batch-requests.ts'

export interface NewVisibility {
  readonly handle: string
  readonly seconds: number
}

/** @throws what the SDK throws, if the request failed as a whole */
export async function deleteMessages(
  client: SQSClient,
  QueueUrl: string,
  handles: readonly string[],
): Promise<BatchAnswer> {
  const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }))
  const { Failed } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
  return readAnswer(Failed)
}

/** @throws what the SDK throws, if the request failed as a whole */
export async function changeVisibility(
  client: SQSClient,
  QueueUrl: string,
  changes: readonly NewVisibility[],
): Promise<BatchAnswer> {
  const Entries = changes.map(({ handle, seconds }, index) => ({
    Id: String(index),
    ReceiptHandle: handle,
    VisibilityTimeout: seconds,
  }))
  const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })
  return readAnswer((await client.send(command)).Failed)
}

interface FailedEntry {
  readonly Id: string | undefined
  readonly SenderFault: boolean | undefined
  readonly Code: string | undefined
  readonly Message?: string | undefined
}

/** Entries that are our fault, such as a receipt handle that has run out, fail each time. */
function readAnswer(failed: readonly FailedEntry[] = []): BatchAnswer {
  const indicesOf = (senderFault: boolean): number[] =>
    failed.filter((entry) => (entry.SenderFault === true) === senderFault).map((e) => Number(e.Id))
  const [first] = failed
  const cause = `${first?.Code}: ${first?.Message ?? 'no message'}`
  return { hopeless: indicesOf(true), retry: indicesOf(false), cause }
}
