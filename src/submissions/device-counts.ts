/** What one device has sent since this process began to count it. */
export interface DeviceCount {
  readonly deviceId: string
  readonly valid: number
  readonly invalid: number
  /** Of its newest invalid submission. */
  readonly lastReason: string | undefined
  /** Epoch milliseconds. */
  readonly lastInvalidAt: number | undefined
}

interface Counted {
  valid: number
  invalid: number
  lastReason: string | undefined
  lastInvalidAt: number | undefined
}

/**
 * Valid and invalid submissions of each device, in bounded memory: those that have sent something
 * invalid are kept apart from the many that never do, which only push out each other. Whoever was
 * pushed out is counted among the others.
 */
export class DeviceCounts {
  readonly #devicesMax: number
  /** Both in the order of their last submission. */
  readonly #good = new Map<string, Counted>()
  readonly #faulty = new Map<string, Counted>()
  #others = { valid: 0, invalid: 0 }

  /** @param devicesMax of either kind */
  constructor(devicesMax: number) {
    this.#devicesMax = devicesMax
  }

  countValid(deviceId: string): void {
    const count = this.#take(deviceId)
    count.valid += 1
    this.#put(deviceId, count)
  }

  /** Without a device: nobody can tell whose it was. */
  countInvalid(deviceId: string | undefined, reason: string, at: number): void {
    if (deviceId === undefined) {
      this.#others.invalid += 1
      return
    }
    const count = this.#take(deviceId)
    count.invalid += 1
    count.lastReason = reason
    count.lastInvalidAt = at
    this.#put(deviceId, count)
  }

  /** Those with the most invalid submissions first. */
  top(limit: number): DeviceCount[] {
    return [...this.#faulty, ...this.#good]
      .map(([deviceId, count]) => ({ deviceId, ...count }))
      .sort((a, b) => b.invalid - a.invalid || b.valid - a.valid)
      .slice(0, limit)
  }

  /** Of devices that are not in the table, or unknown. */
  others(): { readonly valid: number; readonly invalid: number } {
    return { ...this.#others }
  }

  #take(deviceId: string): Counted {
    const known = this.#faulty.get(deviceId) ?? this.#good.get(deviceId)
    this.#faulty.delete(deviceId)
    this.#good.delete(deviceId)
    return known ?? { valid: 0, invalid: 0, lastReason: undefined, lastInvalidAt: undefined }
  }

  #put(deviceId: string, count: Counted): void {
    const table = count.invalid > 0 ? this.#faulty : this.#good
    table.set(deviceId, count)
    if (table.size <= this.#devicesMax) return
    const [oldest] = table
    if (oldest === undefined) return
    const [id, { valid, invalid }] = oldest
    table.delete(id)
    this.#others.valid += valid
    this.#others.invalid += invalid
  }
}
