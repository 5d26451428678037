import type { CurrentIndices } from './bootstrap.ts'
import { type EngineClient, EngineError } from './client.ts'
import { CURRENT_INDICES, type IndexNames } from './index-names.ts'
import { ensureWriteAlias, resolveAlias } from './manage-index.ts'

export interface WriteAliases {
  readonly latest: string
  readonly shared: string
  readonly devices: string
}

interface Options {
  readonly client: EngineClient
  readonly bootstrap: () => Promise<CurrentIndices>
  /** The indices are others than before: sequence numbers of before mean nothing. */
  readonly onChange: () => void
}

/** Which generation of the current indices is written to. */
export class CurrentIndexNames {
  readonly #names: IndexNames
  readonly #options: Options
  #indices: CurrentIndices | undefined
  #finding: Promise<void> | undefined

  constructor(names: IndexNames, options: Options) {
    this.#names = names
    this.#options = options
  }

  set(indices: CurrentIndices): void {
    const before = this.#indices
    this.#indices = indices
    if (before === undefined) return
    if (CURRENT_INDICES.some((index) => before[index] !== indices[index])) this.#options.onChange()
  }

  /** @throws EngineError before they are known */
  writeAliases(): WriteAliases {
    const indices = this.#indices
    if (indices === undefined) throw new EngineError('The fleet index is not open.')
    return {
      latest: this.#names.writeAlias(indices.latest_telemetry),
      shared: this.#names.writeAlias(indices.shared_cardata),
      devices: this.#names.writeAlias(indices.devices),
    }
  }

  /**
   * A write alias is gone: an upgrade has moved on, or somebody has deleted an index. Failures are
   * left to the next write, which comes here again.
   */
  findAgain(): Promise<void> {
    this.#finding ??= this.#find()
      .catch(() => {})
      .finally(() => {
        this.#finding = undefined
      })
    return this.#finding
  }

  async #find(): Promise<void> {
    const found: Partial<Record<keyof CurrentIndices, string>> = {}
    for (const index of CURRENT_INDICES) {
      const concrete = await resolveAlias(this.#options.client, this.#names.alias(index))
      if (concrete === undefined) {
        // A new index of the same name counts its sequence numbers from the start.
        this.#options.onChange()
        this.set(await this.#options.bootstrap())
        return
      }
      await ensureWriteAlias(this.#options.client, this.#names, concrete)
      found[index] = concrete
    }
    this.set(found as CurrentIndices)
  }
}
