/** What a station knows of cards by itself: the list that the server sends, and its own memory. */

export interface ListEntry {
  readonly token: string
  /** `Accepted`, `Blocked`, …; undefined in an update: the token is taken off the list. */
  readonly status: string | undefined
}

export type ListOutcome = 'Accepted' | 'Failed' | 'VersionMismatch'

export const LOCAL_LIST_MAX = 10_000
const REMEMBERED_MAX = 200

export class LocalList {
  #version = 0
  readonly #entries = new Map<string, string>()
  /** Tokens that the server has accepted lately. */
  readonly #remembered = new Set<string>()

  get version(): number {
    return this.#version
  }

  get size(): number {
    return this.#entries.size
  }

  replace(version: number, entries: readonly ListEntry[]): ListOutcome {
    if (version <= 0 || entries.length > LOCAL_LIST_MAX) return 'Failed'
    this.#entries.clear()
    return this.#take(version, entries)
  }

  update(version: number, entries: readonly ListEntry[]): ListOutcome {
    if (version <= this.#version) return 'VersionMismatch'
    if (this.#entries.size + entries.length > LOCAL_LIST_MAX) return 'Failed'
    return this.#take(version, entries)
  }

  statusOf(token: string): string | undefined {
    return this.#entries.get(token.toUpperCase())
  }

  remember(token: string): void {
    this.#remembered.delete(token)
    this.#remembered.add(token)
    if (this.#remembered.size <= REMEMBERED_MAX) return
    for (const oldest of this.#remembered) {
      this.#remembered.delete(oldest)
      return
    }
  }

  knows(token: string): boolean {
    return this.#remembered.has(token)
  }

  forgetAll(): void {
    this.#remembered.clear()
  }

  #take(version: number, entries: readonly ListEntry[]): ListOutcome {
    for (const { token, status } of entries) {
      if (status === undefined) this.#entries.delete(token.toUpperCase())
      else this.#entries.set(token.toUpperCase(), status)
    }
    this.#version = version
    return 'Accepted'
  }
}
