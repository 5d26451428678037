import type { S3ObjectStoreConfig } from '../../config/adapters.ts'
import { errorMessage, FleetgridError } from '../../domain/errors.ts'

type S3Place = Pick<S3ObjectStoreConfig, 'aws' | 'bucket'>

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
const CREDENTIALS_CODES = new Set([
  'CredentialsProviderError',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'TokenRefreshRequired',
])
const REGION_CODES = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
])

/** Not the bucket: that must be an error. */
export function isMissingObject(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound')
}

/** Whatever S3 refuses can be mended outside, and the same call succeeds then. */
export function translateS3Error(
  what: string,
  place: S3Place,
  error: unknown,
  timedOutAfterMs: number | undefined,
): FleetgridError {
  const advice =
    timedOutAfterMs === undefined
      ? adviceFor(error, place)
      : `no answer within ${timedOutAfterMs} ms from ${describe(place)}`
  const message = `Object store: can't ${what}: ${advice}`
  return new FleetgridError('unavailable', message, { cause: error })
}

function adviceFor(error: unknown, place: S3Place): string {
  const { bucket, aws } = place
  const name = error instanceof Error ? error.name : ''
  const said = errorMessage(error)
  if (name === 'NoSuchBucket') {
    return `there is no bucket ${bucket} at ${describe(place)}: create it or set S3_BUCKET`
  }
  if (name === 'AccessDenied' || name === 'Forbidden' || statusOf(error) === 403) {
    if (!CREDENTIALS_CODES.has(name)) {
      return `access to S3_BUCKET=${bucket} is denied: its role needs s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket (${said})`
    }
  }
  if (CREDENTIALS_CODES.has(name)) {
    return `AWS credentials for S3_BUCKET=${bucket} are missing, wrong or expired (${said})`
  }
  if (REGION_CODES.has(name) || statusOf(error) === 301) {
    return `S3_BUCKET=${bucket} is not in AWS_REGION=${aws.region}: set its region (${said})`
  }
  return `${describe(place)} answers ${name === '' ? '' : `${name}: `}${said}`
}

function describe({ aws, bucket }: S3Place): string {
  const address = aws.endpoint === undefined ? `S3 in ${aws.region}` : withoutSecrets(aws.endpoint)
  return `${address} (S3_BUCKET=${bucket})`
}

function withoutSecrets(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).origin : 'AWS_ENDPOINT_URL'
}

function statusOf(error: unknown): number | undefined {
  const metadata = (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata
  return metadata?.httpStatusCode
}
