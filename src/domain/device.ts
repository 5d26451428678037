import type { Json } from './json.ts'
import type { Register, Stamp } from './stamp.ts'

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
  /** VIN → whether the device is installed there. The newest `true` is where it is. */
  readonly installations: Readonly<Record<string, Register<boolean>>>
  /** A component belongs to this device and is installed where that one is. */
  readonly parent?: Register<string>
  readonly deleted?: Stamp
}
