export interface StoredObject {
  readonly key: string
  readonly sizeBytes: number
  /** Epoch milliseconds. */
  readonly modifiedAt: number
}

export interface ObjectPage {
  /** In ascending order of their keys, byte by byte. */
  readonly objects: readonly StoredObject[]
  /** Pass as `after` for the next page; undefined on the last one. */
  readonly next: string | undefined
}

/** Most objects that one `remove` takes, and one page of `list` has. S3's own limit. */
export const OBJECTS_PER_CALL_MAX = 1000

/**
 * Blobs under keys such as `errors/2026/11/21/1.ndjson`: letters, digits and `!_.*'()-=/`, at most
 * 1024 bytes, each part at most 255, no empty, `.` or `..` part; a key is no folder of other keys.
 * Every method rejects with FleetgridError: `invalid` for a key that is none, `unavailable` when
 * the store can't be reached or can't take it now.
 */
export interface ObjectStore {
  open(): Promise<void>
  close(): Promise<void>
  /** Rejects when the store can't be written; the message says what to do. */
  check(): Promise<void>
  /** Durable when it resolves; replaces what was there, whole. */
  put(key: string, body: Uint8Array, contentType: string): Promise<void>
  /** Undefined if there is no such object. */
  get(key: string): Promise<Uint8Array | undefined>
  list(prefix: string, after?: string): Promise<ObjectPage>
  /** What isn't there counts as removed. */
  remove(keys: readonly string[]): Promise<void>
}
