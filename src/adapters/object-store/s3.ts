import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import type { S3ObjectStoreConfig } from '../../config/adapters.ts'
import { FleetgridError } from '../../domain/errors.ts'
import {
  OBJECTS_PER_CALL_MAX,
  type ObjectPage,
  type ObjectStore,
} from '../../ports/object-store.ts'
import { checkKey, checkKeys } from './object-key.ts'
import { isMissingObject, translateS3Error } from './s3-errors.ts'

/** The SDK's own, with its back-off between; beyond them the caller decides. */
const ATTEMPTS_MAX = 3
const CONNECT_TIMEOUT_MS = 3000
const ANSWER_TIMEOUT_MS = 10_000
const CALL_TIMEOUT_MS = 20_000
const SOCKETS_MAX = 50
const PROBE_KEY = 'check/probe'

export interface S3ObjectStoreOptions extends Omit<S3ObjectStoreConfig, 'adapter'> {
  /** For one call, with its retries. */
  readonly callTimeoutMs?: number
}

/** Objects of one S3 bucket, or of what speaks its protocol. Credentials: the SDK's default chain. */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  return new S3ObjectStore(options)
}

class S3ObjectStore implements ObjectStore {
  readonly #options: S3ObjectStoreOptions
  readonly #callTimeoutMs: number
  #client: S3Client | undefined

  constructor(options: S3ObjectStoreOptions) {
    this.#options = options
    this.#callTimeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_MS
  }

  async open(): Promise<void> {
    this.#client = new S3Client(clientConfig(this.#options))
  }

  async close(): Promise<void> {
    this.#client?.destroy()
    this.#client = undefined
  }

  async check(): Promise<void> {
    await this.put(PROBE_KEY, Buffer.from('Fleetgrid may write here.\n'), 'text/plain')
    await this.remove([PROBE_KEY])
  }

  async put(key: string, body: Uint8Array, contentType: string): Promise<void> {
    checkKey(key)
    const input = { ...this.#object(key), Body: body, ContentType: contentType }
    await this.#call(`write ${key}`, (client, options) =>
      client.send(new PutObjectCommand(input), options),
    )
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    checkKey(key)
    return this.#call(`read ${key}`, async (client, options) => {
      try {
        const { Body } = await client.send(new GetObjectCommand(this.#object(key)), options)
        return (await Body?.transformToByteArray()) ?? new Uint8Array()
      } catch (error) {
        if (isMissingObject(error)) return undefined
        throw error
      }
    })
  }

  async list(prefix: string, after?: string): Promise<ObjectPage> {
    const { bucket, keyPrefix } = this.#options
    const input = {
      Bucket: bucket,
      Prefix: keyPrefix + prefix,
      MaxKeys: OBJECTS_PER_CALL_MAX,
      ...(after === undefined ? {} : { StartAfter: keyPrefix + after }),
    }
    const page = await this.#call(`list ${prefix}`, (client, options) =>
      client.send(new ListObjectsV2Command(input), options),
    )
    return readPage(page, keyPrefix.length)
  }

  async remove(keys: readonly string[]): Promise<void> {
    checkKeys(keys)
    if (keys.length === 0) return
    const Objects = keys.map((key) => ({ Key: this.#options.keyPrefix + key }))
    const input = { Bucket: this.#options.bucket, Delete: { Objects, Quiet: true } }
    await this.#call('remove objects', async (client, options) => {
      const { Errors = [] } = await client.send(new DeleteObjectsCommand(input), options)
      const failures = Errors.filter(({ Code }) => Code !== 'NoSuchKey')
      if (failures[0] === undefined) return
      const { Key, Code, Message } = failures[0]
      const problem = `${failures.length} of ${keys.length} not removed, ${Key}: ${Message}`
      throw Object.assign(new Error(problem), { name: Code ?? 'UnknownError' })
    })
  }

  #object(key: string) {
    return { Bucket: this.#options.bucket, Key: this.#options.keyPrefix + key }
  }

  async #call<T>(
    what: string,
    work: (client: S3Client, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const client = this.#client
    if (client === undefined) {
      throw new FleetgridError('unavailable', 'Object store: it is closed')
    }
    const abortSignal = AbortSignal.timeout(this.#callTimeoutMs)
    try {
      return await work(client, { abortSignal })
    } catch (error) {
      const timedOutAfterMs = abortSignal.aborted ? this.#callTimeoutMs : undefined
      throw translateS3Error(what, this.#options, error, timedOutAfterMs)
    }
  }
}

function clientConfig({ aws, callTimeoutMs }: S3ObjectStoreOptions): S3ClientConfig {
  const timeouts = {
    connectionTimeout: CONNECT_TIMEOUT_MS,
    // For an answer to one attempt; the call's own time-out ends them all.
    socketTimeout: callTimeoutMs ?? ANSWER_TIMEOUT_MS,
    httpAgent: { maxSockets: SOCKETS_MAX },
    httpsAgent: { maxSockets: SOCKETS_MAX },
  }
  const common = { region: aws.region, maxAttempts: ATTEMPTS_MAX, requestHandler: timeouts }
  if (aws.endpoint === undefined) return common
  return {
    ...common,
    endpoint: aws.endpoint,
    // Names of buckets as sub-domains need DNS, which emulators and VPC endpoints don't have.
    forcePathStyle: true,
    // Not every emulator understands a checksum that trails a streamed body.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
}

function readPage(page: ListObjectsV2CommandOutput, prefixLength: number): ObjectPage {
  const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({
    key: Key.slice(prefixLength),
    sizeBytes: Size,
    modifiedAt: LastModified?.getTime() ?? 0,
  }))
  return { objects, next: page.IsTruncated === true ? objects.at(-1)?.key : undefined }
}
