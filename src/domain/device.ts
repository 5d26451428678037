import type { Json } from './json.ts'
import type { Register, Stamp } from './stamp.ts'

/** The newest messages that put a device into a vehicle and took it out of there. */
export interface Installation {
  readonly attached?: Stamp
  readonly detached?: Stamp
}

/**
 * An ECU or component of the asset library: the devices document, with stamps.
 * Ids are lower case inside, as in the asset library; the API shows upper case.
 */
export interface DeviceStatus {
  readonly deviceid: string
  readonly revision: number
  readonly softwareVersion?: Register<string>
  /** Lower-cased attribute key → value. */
  readonly attributes: Readonly<Record<string, Register<Json>>>
  /** By VIN. The device is where it was attached last, unless it was detached there since. */
  readonly installations: Readonly<Record<string, Installation>>
  /** A component belongs to this device and is installed where that one is. */
  readonly parent?: Register<string>
  readonly deleted?: Stamp
}
