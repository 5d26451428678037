import { type ResourceLimits, type Transferable, Worker } from 'node:worker_threads'

/**
 * Calls to a service object that lives in a worker thread (`serveWorker` is the other side).
 * A call is one message each way; a stream is pulled one item at a time, so a slow reader holds
 * the worker's generator back. A worker that dies is replaced, with a growing pause between tries.
 */

/** What every hosted service has; `open` runs again when the worker had to be replaced. */
export interface HostedService {
  open(): void | Promise<void>
  close(): void | Promise<void>
}

export type Request =
  | {
      readonly id: number
      readonly kind: 'call'
      readonly method: string
      readonly args: unknown[]
    }
  | { readonly id: number; readonly kind: 'next' | 'return'; readonly stream: number }

export type Reply =
  | { readonly id: number; readonly value: unknown; readonly done?: boolean }
  | { readonly id: number; readonly error: RemoteFailure }

export interface RemoteFailure {
  readonly name: string
  readonly message: string
  readonly code?: string
}

/** `code` is the one the service gave its error, or `unavailable` if the worker can't answer. */
export class WorkerError extends Error {
  readonly code: string | undefined

  constructor(failure: RemoteFailure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause })
    this.name = failure.name
    this.code = failure.code
  }
}

type Call = (...args: never[]) => unknown
type Args<S, K extends keyof S> = S[K] extends (...args: infer A) => unknown ? A : never
type Answer<S, K extends keyof S> = S[K] extends Call ? Awaited<ReturnType<S[K]>> : never
type Item<S, K extends keyof S> = S[K] extends Call
  ? ReturnType<S[K]> extends AsyncIterable<infer T> | Iterable<infer T>
    ? T
    : never
  : never

interface Pending {
  readonly resolve: (reply: { value: unknown; done: boolean }) => void
  readonly reject: (error: Error) => void
}

const RESTART_PAUSE_MIN_MS = 100
const RESTART_PAUSE_MAX_MS = 5000

export class WorkerClient<S extends HostedService> {
  readonly #entry: URL
  readonly #data: unknown
  readonly #resourceLimits: ResourceLimits
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #state: 'idle' | 'ready' | 'restarting' | 'closing' | 'closed' = 'idle'
  #lastId = 0
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #drained: (() => void) | undefined

  /** @param entry the worker's file, which calls `serveWorker`; `data` becomes its workerData */
  constructor(entry: URL, data: unknown, resourceLimits: ResourceLimits = {}) {
    this.#entry = entry
    this.#data = data
    this.#resourceLimits = resourceLimits
  }

  /** No call will ever be answered again. */
  get isClosed(): boolean {
    return this.#state === 'closing' || this.#state === 'closed'
  }

  /** Starts the worker; rejects with what its `open` threw. */
  async start(): Promise<void> {
    await this.#spawn()
    this.#state = 'ready'
  }

  async call<K extends keyof S & string>(method: K, ...args: Args<S, K>): Promise<Answer<S, K>> {
    this.#assertReady()
    const reply = await this.#send({ id: 0, kind: 'call', method, args })
    this.#failures = 0
    return reply.value as Answer<S, K>
  }

  /** The method runs at the first `next`; leaving the loop early ends it in the worker. */
  async *stream<K extends keyof S & string>(
    method: K,
    ...args: Args<S, K>
  ): AsyncGenerator<Item<S, K>, void, undefined> {
    this.#assertReady()
    const worker = this.#worker
    const opened = await this.#send({ id: 0, kind: 'call', method, args })
    const stream = opened.value as number
    let done = false
    try {
      while (true) {
        // A stream of a worker that was replaced is gone; its number may be another's now.
        if (this.#worker !== worker) throw unavailable('The worker of this stream has died.')
        const reply = await this.#send({ id: 0, kind: 'next', stream })
        done = reply.done
        if (done) return
        yield reply.value as Item<S, K>
      }
    } catch (error) {
      done = true
      throw error
    } finally {
      if (!done && this.#worker === worker) {
        await this.#send({ id: 0, kind: 'return', stream }).catch(() => undefined)
      }
    }
  }

  /** Pending calls finish, then the service closes and the worker ends. New calls are refused. */
  async close(): Promise<void> {
    if (this.#state === 'closed' || this.#state === 'closing') return
    clearTimeout(this.#timer)
    this.#state = 'closing'
    if (this.#pending.size > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    }
    const worker = this.#worker
    try {
      if (worker !== undefined) {
        await this.#send({ id: 0, kind: 'call', method: 'close', args: [] })
      }
    } finally {
      this.#state = 'closed'
      this.#worker = undefined
      await worker?.terminate()
    }
  }

  #assertReady(): void {
    if (this.#state === 'ready') return
    throw unavailable(this.isClosed ? 'It is closed.' : 'Its worker is not running (yet).')
  }

  #send(
    request: Request,
    transfer: Transferable[] = [],
  ): Promise<{ value: unknown; done: boolean }> {
    const worker = this.#worker
    if (worker === undefined) return Promise.reject(unavailable('Its worker has died.'))
    return new Promise((resolve, reject) => {
      this.#lastId += 1
      const id = this.#lastId
      worker.postMessage({ ...request, id }, transfer) // throws for what can't be cloned
      this.#pending.set(id, { resolve, reject })
    })
  }

  async #spawn(): Promise<void> {
    // Without the parent's flags: what a test runner loads there would load again in each worker.
    const options = { workerData: this.#data, execArgv: [], resourceLimits: this.#resourceLimits }
    const worker = new Worker(this.#entry, options)
    this.#worker = worker
    let cause: unknown
    worker.on('message', (reply: Reply) => this.#settle(reply))
    worker.on('messageerror', () => void worker.terminate())
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('exit', () => this.#lost(worker, cause))
    try {
      await this.#send({ id: 0, kind: 'call', method: 'open', args: [] })
    } catch (error) {
      if (this.#worker === worker) this.#worker = undefined
      await worker.terminate()
      throw error
    }
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if ('error' in reply) pending?.reject(new WorkerError(reply.error))
    else pending?.resolve({ value: reply.value, done: reply.done === true })
    if (this.#pending.size === 0) this.#drained?.()
  }

  #lost(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const error = unavailable('Its worker has died; a new one is being started.', cause)
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
    this.#drained?.()
    if (this.#state === 'ready') this.#restart()
  }

  #restart(): void {
    this.#state = 'restarting'
    const pause = Math.min(RESTART_PAUSE_MAX_MS, RESTART_PAUSE_MIN_MS * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 10)
    this.#timer = setTimeout(() => {
      this.#spawn().then(
        () => {
          if (this.#state === 'restarting') this.#state = 'ready'
        },
        () => {
          if (this.#state === 'restarting') this.#restart()
        },
      )
    }, pause)
  }
}

function unavailable(message: string, cause?: unknown): WorkerError {
  return new WorkerError({ name: 'WorkerError', message, code: 'unavailable' }, cause)
}
