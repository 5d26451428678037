import { SQSClient } from '@aws-sdk/client-sqs'
import type { AwsConfig } from '../../config/adapters.ts'

const CONNECT_TIMEOUT_MS = 5000

export interface ClientOptions {
  /** Requests at the same time; each has a connection of its own. */
  readonly requestsMax: number
  /** An answer that takes longer is a failure. */
  readonly requestTimeoutMs: number
}

/** A client that tries once: whoever calls it knows better when to try again. */
export function createSqsClient(aws: AwsConfig, options: ClientOptions): SQSClient {
  const agent = { keepAlive: true, maxSockets: options.requestsMax }
  return new SQSClient({
    region: aws.region,
    // Without it the SDK goes to the host in the queue's URL.
    ...(aws.endpoint === undefined ? {} : { endpoint: aws.endpoint }),
    ...(aws.credentials === undefined ? {} : { credentials: aws.credentials }),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: options.requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  })
}
