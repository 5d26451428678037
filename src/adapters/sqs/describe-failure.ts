import { errorMessage } from '../../domain/errors.ts'

/** What went wrong with a request to SQS. */
export interface SqsFailure {
  /** It won't heal by itself: rights, credentials, a queue that doesn't exist. */
  readonly needsPerson: boolean
  /** What is wrong, where, and what to do. No secret is in it. */
  readonly message: string
}

interface ServiceError {
  readonly name?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const THROTTLED = /throttl|TooManyRequests|RequestLimitExceeded|OverLimit/i
const NO_QUEUE = /NonExistentQueue|QueueDoesNotExist|InvalidAddress/
const NO_RIGHT = /AccessDenied|NotAuthorized|Forbidden/
const NO_CREDENTIALS =
  /Credential|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|ExpiredToken|InvalidAccessKeyId|MissingAuthenticationToken/
const KMS = /^(KMS\.|Kms)/

export function describeFailure(error: unknown, queueUrl: string, permission: string): SqsFailure {
  const { name = '', $metadata } = (error ?? {}) as ServiceError
  const status = $metadata?.httpStatusCode
  const person = (advice: string): SqsFailure => ({
    needsPerson: true,
    message: `SQS queue ${queueUrl}: ${advice} (${name}: ${errorMessage(error)})`,
  })
  if (!THROTTLED.test(name)) {
    if (NO_QUEUE.test(name)) return person('there is no such queue: check its URL and AWS_REGION')
    if (KMS.test(name)) return person('its key refuses us: the role needs kms:Decrypt on it')
    if (NO_CREDENTIALS.test(name)) {
      return person('no valid AWS credentials: give this process a role, or AWS_ACCESS_KEY_ID')
    }
    if (NO_RIGHT.test(name) || status === 403) {
      return person(`not allowed: its role needs ${permission} on this queue`)
    }
    if (status === 400) return person('it refuses the request')
  }
  return {
    needsPerson: false,
    message: `SQS queue ${queueUrl} does not answer as it should, will be tried again (${name}: ${errorMessage(error)})`,
  }
}
