import type { KinesisStreamConfig } from '../../../config/adapters.ts'
import { errorMessage } from '../../../domain/errors.ts'

/** What went wrong with a request to Kinesis. */
export interface KinesisFailure {
  /** It won't heal by itself: rights, credentials, a stream that doesn't exist. */
  readonly needsPerson: boolean
  /** What is wrong, where, and what to do. No secret is in it. */
  readonly message: string
}

interface ServiceError {
  readonly name?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html#API_PutRecords_Errors
const NO_RIGHT = /AccessDenied|NotAuthorized|Forbidden/
const NO_CREDENTIALS =
  /Credential|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|ExpiredToken|InvalidAccessKeyId|MissingAuthenticationToken/
const KMS = /^KMS(?!Throttling)/
const INPUT = /^(ValidationException|InvalidArgumentException|SerializationException)$/

/** Of one record: it will never be taken. Whatever else is named may pass. */
export function isPermanent(code: string): boolean {
  return INPUT.test(code)
}

/** Of a whole call: something in it will never be taken. */
export function isRefusedInput(error: unknown): boolean {
  return INPUT.test((error as ServiceError | null)?.name ?? '')
}

export function describeFailure(
  error: unknown,
  { streamName, aws }: Pick<KinesisStreamConfig, 'streamName' | 'aws'>,
  permission: string,
): KinesisFailure {
  const { name = '', $metadata } = (error ?? {}) as ServiceError
  const place = `Kinesis stream ${streamName} in ${aws.region}`
  const person = (advice: string): KinesisFailure => ({
    needsPerson: true,
    message: `${place}: ${advice} (${name}: ${errorMessage(error)})`,
  })
  if (name === 'ResourceNotFoundException') {
    return person('there is no such stream: check EVENT_STREAM_NAME and AWS_REGION')
  }
  if (KMS.test(name)) return person('its key refuses us: the role needs kms:GenerateDataKey on it')
  if (NO_CREDENTIALS.test(name)) {
    return person('no valid AWS credentials: give this process a role, or AWS_ACCESS_KEY_ID')
  }
  if (NO_RIGHT.test(name) || $metadata?.httpStatusCode === 403) {
    return person(`not allowed: its role needs ${permission} on this stream`)
  }
  return {
    needsPerson: false,
    message: `${place} does not answer as it should, will be tried again (${name}: ${errorMessage(error)})`,
  }
}
