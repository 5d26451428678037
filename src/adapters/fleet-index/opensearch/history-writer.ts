import type { FleetChange, HistoryRecord } from '../../../ports/fleet-index.ts'
import { isKeyTooLong, KEY_SIZE_MAX_BYTES } from '../find-fault.ts'
import { type BulkItem, describeItem, type Failure, isDone, isForLater, sendBulk } from './bulk.ts'
import { type BulkBody, IdleBodies } from './bulk-body.ts'
import { type EngineClient, EngineError } from './client.ts'
import { composeRecordPieces, recordId } from './documents.ts'
import type { IndexNames } from './index-names.ts'
import { createIndex } from './manage-index.ts'

/** Everything else waits for it; what it hasn't brought by then is there when asked again. */
const CREATE_TIMEOUT_MS = 5000
/** Day indices that are known to exist; forgotten all together, they are only asked for again. */
const KNOWN_MAX = 10_000

export type HistoryOutcome = { readonly kind: 'stored' | 'duplicate' } | Failure

interface Operation {
  /** Place of its change among the candidates. */
  readonly change: number
  readonly record: HistoryRecord
  readonly index: string
  item: BulkItem
}

interface Options {
  readonly client: EngineClient
  readonly names: IndexNames
  readonly sizeMaxBytes: number
  readonly now: () => number
}

const STORED: HistoryOutcome = { kind: 'stored' }
const DUPLICATE: HistoryOutcome = { kind: 'duplicate' }
const UNSENT: BulkItem = { status: 0 }

/**
 * Appends to the histories. A record is only ever created, under an id that comes from itself: the
 * same one again is a conflict, and that is the sign of a duplicate.
 */
export class HistoryWriter {
  readonly #options: Options
  readonly #bodies = new IdleBodies()
  readonly #known = new Set<string>()
  readonly #creating = new Map<string, Promise<void>>()

  constructor(options: Options) {
    this.#options = options
  }

  /** One outcome for each change. Never rejects. */
  async store(changes: readonly FleetChange[]): Promise<HistoryOutcome[]> {
    const outcomes: HistoryOutcome[] = changes.map(() => STORED)
    const operations = this.#operationsOf(changes)
    if (operations.length === 0) return outcomes
    const unready = await this.#ensureIndices(operations)
    const ready =
      unready.size === 0 ? operations : operations.filter(({ index }) => !unready.has(index))
    await this.#send(ready, false)
    const unfit = ready.filter(({ item }) => item.status === 400 && !isForLater(item))
    if (unfit.length > 0) await this.#send(unfit, true)
    this.#judge(operations, unready, outcomes)
    await this.#removeHalves(operations, outcomes)
    return outcomes
  }

  #operationsOf(changes: readonly FleetChange[]): Operation[] {
    const now = this.#options.now()
    const operations: Operation[] = []
    for (let change = 0; change < changes.length; change += 1) {
      for (const record of changes[change]?.history ?? []) {
        const index = this.#options.names.history(record.index, record.at, now)
        operations.push({ change, record, index, item: UNSENT })
      }
    }
    return operations
  }

  /** Creates the indices that are not known; returns those that can't be, with the reason. */
  async #ensureIndices(operations: readonly Operation[]): Promise<Map<string, string>> {
    const missing = new Set<string>()
    for (const { index } of operations) if (!this.#known.has(index)) missing.add(index)
    const failed = new Map<string, string>()
    const ensure = async (index: string): Promise<void> => {
      try {
        await this.#ensureIndex(index)
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        failed.set(index, error.message)
      }
    }
    // All at once: an engine that hangs costs the time of one.
    await Promise.all([...missing].map(ensure))
    return failed
  }

  #ensureIndex(index: string): Promise<void> {
    let creating = this.#creating.get(index)
    if (creating === undefined) {
      creating = createIndex(this.#options.client, index, {}, CREATE_TIMEOUT_MS)
        .then(() => {
          if (this.#known.size >= KNOWN_MAX) this.#known.clear()
          this.#known.add(index)
        })
        .finally(() => this.#creating.delete(index))
      this.#creating.set(index, creating)
    }
    return creating
  }

  /** Fills in `item` of each. */
  async #send(operations: readonly Operation[], isFitted: boolean): Promise<void> {
    const { client, sizeMaxBytes, now } = this.#options
    const storedAt = now()
    const sent: Operation[] = []
    const body = this.#bodies.take()
    for (const operation of operations) {
      const refusal = compose(operation, storedAt, isFitted, body)
      if (refusal === undefined) sent.push(operation)
      else operation.item = refusal
    }
    const request = { path: '/_bulk', requireAlias: false, operations: body }
    const items = await sendBulk(client, request, sizeMaxBytes)
    this.#bodies.giveBack(body)
    for (let number = 0; number < sent.length; number += 1) {
      const operation = sent[number]
      if (operation !== undefined) operation.item = items[number] ?? UNSENT
    }
  }

  #judge(
    operations: readonly Operation[],
    unready: ReadonlyMap<string, string>,
    outcomes: HistoryOutcome[],
  ): void {
    let last = -1
    for (const { change, record, index, item } of operations) {
      const isFirst = change !== last
      last = change
      if (isDone(item)) continue
      if (item.status === 409) {
        if (isFirst) outcomes[change] = DUPLICATE
        continue
      }
      if (item.status === 404) this.#known.delete(index)
      // What can never be stored outweighs what can't be now.
      if (outcomes[change]?.kind === 'rejected') continue
      const reason = unready.get(index) ?? describeItem(item)
      outcomes[change] = isForLater(item)
        ? { kind: 'retry', reason }
        : { kind: 'rejected', reason: `${record.index} record: ${reason}` }
    }
  }

  /** Of a change that is rejected nothing stays; what fails here fails again with the message. */
  async #removeHalves(operations: readonly Operation[], outcomes: HistoryOutcome[]): Promise<void> {
    const halves = operations.filter(
      ({ change, item }) => outcomes[change]?.kind === 'rejected' && isDone(item),
    )
    if (halves.length === 0) return
    const { client, sizeMaxBytes } = this.#options
    const texts = halves.map(({ index, record }) => {
      const action = { delete: { _index: index, _id: recordId(record) } }
      return `${JSON.stringify(action)}\n`
    })
    const request = { path: '/_bulk', requireAlias: false, operations: texts }
    const items = await sendBulk(client, request, sizeMaxBytes)
    for (const [number, { change }] of halves.entries()) {
      const item = items[number] ?? UNSENT
      if (isDone(item) || item.status === 404) continue
      outcomes[change] = { kind: 'retry', reason: describeItem(item) }
    }
  }
}

/** Adds action and document to the body, or returns why there can't be one. */
function compose(
  { record, index }: Operation,
  storedAt: number,
  isFitted: boolean,
  body: BulkBody,
): BulkItem | undefined {
  const id = recordId(record)
  if (isKeyTooLong(id)) {
    return refused(`its vin and id together are longer than ${KEY_SIZE_MAX_BYTES} bytes`)
  }
  try {
    const [own, ours] = composeRecordPieces(record, storedAt, isFitted)
    const action = `{"create":{"_index":"${index}","_id":${JSON.stringify(id)}}}\n`
    body.add(action, own, `${ours}\n`)
    return undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return refused(error.message)
  }
}

function refused(reason: string): BulkItem {
  return { status: 400, error: { reason } }
}
