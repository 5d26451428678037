/** Who has a role that only one instance may have. A row is never deleted: its fence only grows. */
export interface LeaseTable {
  name: string
  /** Of one `hold` in one process, not of an instance: two of a process compete, too. */
  owner: string
  /** Raised whenever it changes hands, so that what an old holder wrote can be told apart. */
  fence: number
  /** Epoch milliseconds by the database's clock; free from then on. */
  expires_at: number
  /** What its holders are responsible for; 0: nothing is left for another one. */
  value: number
}
