import { hash } from 'node:crypto'
import type { Published } from './wave-publisher.ts'

/**
 * Submissions that are being published, and some that lately were. A queue may deliver a message twice,
 * also at once, and whoever sends one may send it again: the second waits for the first, and publishes
 * nothing. What was forgotten is published again, with the same ids.
 */
export class RecentBodies {
  readonly #max: number
  readonly #published = new Map<string, Promise<Published>>()

  constructor(max: number) {
    this.#max = max
  }

  /** `isFirst`: it was `publish` that was asked. */
  publish(
    body: string,
    publish: () => Promise<Published>,
  ): { readonly isFirst: boolean; readonly published: Promise<Published> } {
    const key = keyOf(body)
    const known = this.#published.get(key)
    if (known !== undefined) return { isFirst: false, published: known }
    const published = publish().then((result) => {
      if (result.kind === 'refused') this.#published.delete(key)
      return result
    })
    this.#published.set(key, published)
    if (this.#published.size > this.#max) {
      const [oldest = ''] = this.#published.keys()
      this.#published.delete(oldest)
    }
    return { isFirst: true, published }
  }

  /** The next one is a first one. */
  forget(body: string): void {
    this.#published.delete(keyOf(body))
  }
}

/** Short, and no two bodies share it. */
export function keyOf(body: string): string {
  return hash('sha256', body, 'base64')
}
