import { mkdir } from 'node:fs/promises'
import { WorkerClient } from '../../lib/worker-rpc.ts'
import type {
  DeadLetter,
  DeadLetterPage,
  DeadLetterQuery,
  DeadLetters,
  StoredDeadLetter,
} from '../../ports/dead-letters.ts'
import type { WriteReport } from '../../ports/write-report.ts'
import { allToRetry, translated } from '../sqlite/translate-errors.ts'
import type { DeadLetterStore, StoreOptions } from './embedded/store.ts'

const WHAT = 'Dead letters'

/** Dead letters on one SQLite file of the data folder, served by a worker thread. */
export function createEmbeddedDeadLetters(options: StoreOptions): DeadLetters {
  return new EmbeddedDeadLetters(options)
}

class EmbeddedDeadLetters implements DeadLetters {
  readonly #dataDir: string
  readonly #store: WorkerClient<DeadLetterStore>

  constructor({ dataDir, sizeMaxBytes }: StoreOptions) {
    this.#dataDir = dataDir
    this.#store = new WorkerClient(new URL('./embedded/store-worker.ts', import.meta.url), {
      dataDir,
      sizeMaxBytes,
    })
  }

  async open(): Promise<void> {
    await mkdir(this.#dataDir, { recursive: true })
    await translated(WHAT, this.#store.start())
  }

  async close(): Promise<void> {
    await translated(WHAT, this.#store.close())
  }

  keep(letters: readonly DeadLetter[]): Promise<WriteReport> {
    // A payload is often a view into a large network buffer, all of which would be copied.
    const exact = letters.map((letter) => ({ ...letter, payload: new Uint8Array(letter.payload) }))
    return allToRetry(WHAT, this.#store, letters.length, this.#store.call('keep', exact))
  }

  list(query: DeadLetterQuery): Promise<DeadLetterPage> {
    return translated(WHAT, this.#store.call('list', query))
  }

  get(id: string): Promise<StoredDeadLetter | undefined> {
    return translated(WHAT, this.#store.call('get', id))
  }

  markRedriven(id: string, at: number): Promise<void> {
    return translated(WHAT, this.#store.call('markRedriven', id, at))
  }

  markFailedAgain(id: string, reason: string): Promise<void> {
    return translated(WHAT, this.#store.call('markFailedAgain', id, reason))
  }

  async trim(olderThan: number): Promise<{ readonly expired: number; readonly evicted: number }> {
    const expired = await sumOf(() => translated(WHAT, this.#store.call('expireSome', olderThan)))
    const evicted = await sumOf(() => translated(WHAT, this.#store.call('evictSome')))
    return { expired, evicted }
  }

  countOpen(): Promise<number> {
    return translated(WHAT, this.#store.call('countOpen'))
  }
}

/** One step is one short transaction; letters that wait come in between. */
async function sumOf(step: () => Promise<number>): Promise<number> {
  let total = 0
  while (true) {
    const count = await step()
    if (count === 0) return total
    total += count
  }
}
