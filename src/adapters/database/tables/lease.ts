/** Who has a role that only one instance may have. A row is never deleted. */
export interface LeaseTable {
  name: string
  /** Of one `hold` in one process, not of an instance: two of a process compete, too. */
  owner: string
  /** Epoch milliseconds by the database's clock; free from then on. */
  expires_at: number
  /** What its holders are responsible for; 0: nothing is left for another one. */
  value: number
}
