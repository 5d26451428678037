import { readFile } from 'node:fs/promises'
import { Client, type ClientOptions, Serializer } from '@opensearch-project/opensearch'
import { AwsSigv4Signer } from '@opensearch-project/opensearch/aws-v3'
import type { OpenSearchFleetIndexConfig } from '../../../config/adapters.ts'
import { errorMessage, FleetgridError } from '../../../domain/errors.ts'

/** Errors carry the start of what the engine said; a mapping failure can quote whole documents. */
const REASON_LENGTH_MAX = 500

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** From the slash on, already encoded where it has to be. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean>>
  /** An object becomes JSON; text is sent as it is. */
  readonly body?: object | string
  /** Lines of JSON, each with its line end. */
  readonly bulk?: Buffer
  /** An answer that `isErrorless` stays the text that it is. */
  readonly leaveErrorless?: boolean
  /** Statuses that are an answer and no error. */
  readonly expect?: readonly number[]
  /** Instead of OPENSEARCH_REQUEST_TIMEOUT_MS. */
  readonly timeoutMs?: number
}

export interface EngineAnswer<T> {
  readonly status: number
  readonly body: T
}

/** The engine did not do what it was asked for. */
export class EngineError extends FleetgridError {
  /** Of HTTP; undefined: there was no answer, so it is unknown what has been done. */
  readonly status: number | undefined
  /** OpenSearch's name for it, e.g. `index_not_found_exception`. */
  readonly type: string

  constructor(message: string, about: { status?: number; type?: string; cause?: unknown } = {}) {
    super('unavailable', message, about.cause === undefined ? {} : { cause: about.cause })
    this.name = 'EngineError'
    this.status = about.status
    this.type = about.type ?? ''
  }
}

/**
 * The one way to OpenSearch: every request is bounded in time and its failure is an EngineError
 * with advice. Nothing is tried again here: who asks knows what may be repeated.
 */
export class EngineClient {
  readonly #config: OpenSearchFleetIndexConfig
  /** Without credentials: for people. */
  readonly address: string
  readonly #underWay = new Set<{ abort(): void }>()
  #client: Client | undefined
  #isClosed = false

  constructor(config: OpenSearchFleetIndexConfig) {
    this.#config = config
    const { origin, pathname } = new URL(config.url)
    this.address = `${origin}${pathname === '/' ? '' : pathname}`
  }

  /** @throws FleetgridError `unavailable` when the CA file can't be read; does not connect yet */
  async open(): Promise<void> {
    this.#client ??= new Client(await clientOptions(this.#config))
  }

  /** What is under way fails; what comes later too. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const call of this.#underWay) call.abort()
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }

  get requestTimeoutMs(): number {
    return this.#config.requestTimeoutMs
  }

  /** @throws EngineError before `open` and after `close` */
  requireOpen(): void {
    if (this.#client === undefined || this.#isClosed) throw this.#notOpen()
  }

  /** @throws EngineError */
  async request<T>(request: EngineRequest): Promise<EngineAnswer<T>> {
    const client = this.#client
    if (client === undefined || this.#isClosed) throw this.#notOpen()
    const timeoutMs = request.timeoutMs ?? this.#config.requestTimeoutMs
    const call = client.transport.request(
      {
        method: request.method,
        path: request.path,
        ...(request.query === undefined ? {} : { querystring: { ...request.query } }),
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.bulk === undefined ? {} : { bulkBody: request.bulk as unknown as string }),
      },
      { requestTimeout: timeoutMs, maxRetries: 0, ignore: [...(request.expect ?? [])] },
    )
    this.#underWay.add(call)
    // The client's own limit ends with the answer's first byte.
    const timer = setTimeout(() => call.abort(), timeoutMs)
    try {
      const { statusCode, body } = await call
      const isRead = request.leaveErrorless === true || !isErrorless(body)
      return { status: statusCode ?? 0, body: isRead ? (body as T) : JSON.parse(body) }
    } catch (error) {
      throw this.#isClosed ? this.#notOpen() : this.#translate(error, request, timeoutMs)
    } finally {
      clearTimeout(timer)
      this.#underWay.delete(call)
    }
  }

  #notOpen(): EngineError {
    const state = this.#isClosed ? 'closed' : 'not open yet'
    return new EngineError(`The fleet index (OpenSearch at ${this.address}) is ${state}.`)
  }

  #translate(error: unknown, { method, path }: EngineRequest, timeoutMs: number): EngineError {
    const what = `OpenSearch at ${this.address}: ${method} ${path.split('?')[0]?.slice(0, 100)}`
    const name = error instanceof Error ? error.name : ''
    if (name === 'TimeoutError' || name === 'RequestAbortedError') {
      const advice = 'See its load, or raise OPENSEARCH_REQUEST_TIMEOUT_MS.'
      return new EngineError(`${what} took longer than ${timeoutMs} ms. ${advice}`)
    }
    const answer = answerOf(error)
    if (answer === undefined) {
      const advice = 'Is it running, and is OPENSEARCH_URL right?'
      return new EngineError(`${what}: ${errorMessage(error)}. ${advice}`, { cause: error })
    }
    const { status, body } = answer
    const { type, reason } = failureOf(body)
    const text = `${what} answered ${status}${type === '' ? '' : ` ${type}`}`
    const because = reason === '' ? '' : `: ${reason}`
    return new EngineError(`${text}${because}.${adviseOn(status, type)}`, { status, type })
  }
}

/** It may be there in a moment: no answer, or one of an engine that is starting or overloaded. */
export function isPassing(error: unknown): error is EngineError {
  if (!(error instanceof EngineError)) return false
  return error.status === undefined || error.status === 429 || error.status >= 500
}

async function clientOptions(config: OpenSearchFleetIndexConfig): Promise<ClientOptions> {
  const { url, username, password, caFile, signingRegion, requestTimeoutMs } = config
  const signer =
    signingRegion === undefined ? {} : AwsSigv4Signer({ region: signingRegion, service: 'es' })
  return {
    node: url,
    maxRetries: 0,
    requestTimeout: requestTimeoutMs,
    // One address, mostly a load balancer's: to call it dead helps nobody.
    resurrectStrategy: 'none',
    // A vehicle may call a member `__proto__`; it is read, never merged into anything.
    disablePrototypePoisoningProtection: true,
    Serializer: AnswerSerializer,
    ...(username !== undefined && password !== undefined ? { auth: { username, password } } : {}),
    ...(caFile === undefined ? {} : { ssl: { ca: await readCaFile(caFile) } }),
    ...signer,
  }
}

/** A bulk's answer, still text, in which nothing failed; other text came without a JSON type. */
export function isErrorless(answer: unknown): answer is string {
  return typeof answer === 'string' && answer.startsWith('{"errors":false,"items":[')
}

/** Leaves such an answer as it is. */
class AnswerSerializer extends Serializer {
  override deserialize(text: string): ReturnType<Serializer['deserialize']> {
    return isErrorless(text) ? text : super.deserialize(text)
  }
}

async function readCaFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const message = `Can't read OPENSEARCH_CA_FILE ${path}: ${errorMessage(error)}`
    throw new FleetgridError('unavailable', message, { cause: error })
  }
}

function answerOf(error: unknown): { status: number; body: unknown } | undefined {
  if (!(error instanceof Error) || error.name !== 'ResponseError') return undefined
  const { meta } = error as Error & { meta?: { statusCode?: number; body?: unknown } }
  return meta?.statusCode === undefined ? undefined : { status: meta.statusCode, body: meta.body }
}

export interface EngineFailure {
  readonly type?: string
  readonly reason?: string
  readonly caused_by?: { readonly reason?: string }
  readonly root_cause?: readonly { readonly type?: string; readonly reason?: string }[]
}

/** What an answer or an item of one says went wrong. */
export function failureOf(body: unknown): { type: string; reason: string } {
  const error = (body as { error?: EngineFailure | string } | undefined)?.error
  if (typeof error === 'string') return { type: '', reason: shorten(error) }
  return { type: error?.type ?? '', reason: reasonOf(error) }
}

export function reasonOf(failure: EngineFailure | undefined): string {
  const reason = failure?.reason ?? failure?.root_cause?.[0]?.reason ?? ''
  const cause = failure?.caused_by?.reason
  return shorten(cause === undefined ? reason : `${reason}: ${cause}`)
}

function shorten(text: string): string {
  return text.length > REASON_LENGTH_MAX ? `${text.slice(0, REASON_LENGTH_MAX)}…` : text
}

function adviseOn(status: number, type: string): string {
  if (status === 401 || (status === 403 && type !== 'cluster_block_exception')) {
    return ' Check OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or OPENSEARCH_SIGNING_REGION, and what they may do.'
  }
  if (type === 'cluster_block_exception') {
    return ' Free disk space of the cluster or add nodes; it takes writes again by itself.'
  }
  if (status === 429) return ' It is overloaded; this is tried again.'
  return ''
}
