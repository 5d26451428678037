import type { Stamp } from '../../../domain/stamp.ts'
import type { VehicleStatus } from '../../../domain/vehicle.ts'
import type { PositionRegister, VehicleRegisters } from './documents.ts'

/** What is known of a document of latest_telemetry: enough to write the next one without a read. */
export class KnownVehicle implements VehicleRegisters {
  readonly telemetry: Stamp | undefined
  readonly position: PositionRegister | undefined
  readonly status: VehicleStatus | undefined
  readonly writer: string | undefined
  readonly changedAt: number
  readonly seqNo: number
  readonly primaryTerm: number

  constructor(registers: VehicleRegisters, seqNo: number, primaryTerm: number) {
    this.telemetry = registers.telemetry
    this.position = registers.position
    this.status = registers.status
    this.writer = registers.writer
    this.changedAt = registers.changedAt
    this.seqNo = seqNo
    this.primaryTerm = primaryTerm
  }
}

/**
 * The last known state of each vehicle's document. To forget one costs a read, to be wrong costs a
 * conflict: the engine's sequence number decides, never this.
 */
export class VehicleCache {
  readonly #vehicles = new Map<string, KnownVehicle>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get(vin: string): KnownVehicle | undefined {
    return this.#vehicles.get(vin)
  }

  /** What the engine itself has just said. */
  put(vin: string, vehicle: KnownVehicle): void {
    if (this.#vehicles.size >= this.#sizeMax && !this.#vehicles.has(vin)) this.#forgetFirst()
    this.#vehicles.set(vin, vehicle)
  }

  /** What a search found, which can be behind. */
  learn(vin: string, vehicle: KnownVehicle): void {
    const known = this.#vehicles.get(vin)
    if (known === undefined || isLater(vehicle, known)) this.put(vin, vehicle)
  }

  forget(vin: string): void {
    this.#vehicles.delete(vin)
  }

  /** Sequence numbers count anew. */
  clear(): void {
    this.#vehicles.clear()
  }

  /** The one that came first goes first. */
  #forgetFirst(): void {
    for (const vin of this.#vehicles.keys()) {
      this.#vehicles.delete(vin)
      return
    }
  }
}

function isLater(one: KnownVehicle, than: KnownVehicle): boolean {
  return one.primaryTerm === than.primaryTerm
    ? one.seqNo > than.seqNo
    : one.primaryTerm > than.primaryTerm
}
