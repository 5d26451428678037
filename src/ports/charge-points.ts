import type {
  BootInfo,
  ChargePoint,
  ChargePointSettings,
  ConnectorStatus,
  ProtocolVersion,
  Registration,
} from '../domain/charge-point.ts'

/**
 * Charge points and their connectors. Thousands of calls at once are one statement: each resolves when
 * what it says is durable. All reject with FleetgridError `unavailable` while the store is away.
 */
export interface ChargePoints {
  find(id: string): Promise<ChargePoint | undefined>
  /** False: there is one already. */
  create(id: string, settings: ChargePointSettings, keyHash: string | undefined): Promise<boolean>
  /** False: there is none. `keyHash: null` removes the key; either way no other one is expected. */
  change(
    id: string,
    change: Partial<ChargePointSettings> & {
      readonly keyHash?: string | null
      readonly nextKeyHash?: string | null
    },
  ): Promise<boolean>
  /** With all that is known of it but its transactions. False: there is none. */
  remove(id: string): Promise<boolean>
  /** In order of their ids, after `afterId`. */
  list(query: ChargePointQuery): Promise<readonly ChargePoint[]>
  count(): Promise<{ readonly all: number; readonly connected: number }>

  /**
   * This instance holds its socket now: whoever held it before doesn't.
   * @returns the number of the connection
   */
  connected(id: string, instance: string, protocol: ProtocolVersion, at: number): Promise<number>
  /** Of no effect if a later connection has been told of. */
  disconnected(id: string, epoch: number, at: number): Promise<void>
  /** Of no effect if a later boot has been told of. @returns whether it may work; undefined: it is not known */
  booted(id: string, boot: BootInfo, at: number): Promise<Registration | undefined>
  /** Last signs of life. */
  seen(signs: ReadonlyMap<string, number>): Promise<void>
  /** Connections of an instance that is gone. */
  releaseInstance(instance: string, at: number): Promise<number>

  /** Kept as the connector's state unless a later one is known; and in its history. */
  reportStatus(status: ConnectorStatus): Promise<void>
  connectors(chargePointId: string): Promise<readonly ConnectorStatus[]>
  /** Newest first, before `beforeAt`; beyond the limit what is of the same moment as the last one. */
  statusHistory(query: {
    readonly chargePointId: string
    readonly beforeAt?: number
    readonly limit: number
  }): Promise<readonly ConnectorStatus[]>
}

export interface ChargePointQuery {
  readonly afterId?: string
  readonly limit: number
  readonly isConnected?: boolean
}
