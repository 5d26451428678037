type Deliver = (payload: string) => void

/** Who wants which channel, in this process. */
export class Subscriptions {
  readonly #channels = new Map<string, Set<{ deliver: Deliver }>>()
  readonly #onFailure: (channel: string, error: unknown) => void

  constructor(onFailure: (channel: string, error: unknown) => void) {
    this.#onFailure = onFailure
  }

  add(channel: string, deliver: Deliver): () => void {
    // An object of its own: the same function twice is two subscriptions.
    const subscription = { deliver }
    const all = this.#channels.get(channel) ?? new Set()
    all.add(subscription)
    this.#channels.set(channel, all)
    return () => {
      all.delete(subscription)
      if (all.size === 0 && this.#channels.get(channel) === all) this.#channels.delete(channel)
    }
  }

  /** One that throws doesn't keep the signal from the others. */
  deliver(channel: string, payload: string): void {
    for (const { deliver } of this.#channels.get(channel) ?? []) {
      try {
        deliver(payload)
      } catch (error) {
        this.#onFailure(channel, error)
      }
    }
  }
}
