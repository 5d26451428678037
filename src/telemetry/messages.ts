import type { JsonObject } from '../domain/json.ts'
import type { Position, PositionFault } from '../domain/position.ts'
import type { Stamp } from '../domain/stamp.ts'
import type { AnomalyReading } from '../domain/vehicle-merge.ts'
import type { Original } from './rule-error.ts'

interface VehicleMessageBase {
  readonly vin: string
  /** Raw send time, epoch milliseconds. */
  readonly sentAt: number
  /** Unique within vehicle and send time. */
  readonly id: string
  /** min(send time, receive time) with the id. */
  readonly stamp: Stamp
  /** The message, keys lower-cased, vin upper-cased. Of cardata with a `text` only what is read. */
  readonly document: JsonObject
  /** Numbers that had come as text. */
  readonly repairs: number
}

export interface CardataMessage extends VehicleMessageBase {
  readonly kind: 'cardata'
  readonly tripId: string | undefined
  readonly position: Position | PositionFault
  readonly oilTemperatureF: number | undefined
  /** The whole message, plain and with `geolocation.location`, where it can be stored so. */
  readonly text: string | undefined
}

export interface TripMessage extends VehicleMessageBase {
  readonly kind: 'trip'
  readonly tripId: string
}

export interface DtcMessage extends VehicleMessageBase {
  readonly kind: 'dtc'
  /** undefined: the vehicle has no trouble code any more. */
  readonly code: string | undefined
  readonly raises: boolean
}

export interface EventMessage extends VehicleMessageBase {
  readonly kind: 'event'
}

export interface AnomalyMessage extends VehicleMessageBase {
  readonly kind: 'anomaly-record'
  readonly type: string
  readonly raises: boolean
  readonly reading: AnomalyReading
}

interface AssetMessageBase {
  readonly stamp: Stamp
  readonly sentAt: number
  readonly event: 'create' | 'modify' | 'delete'
  readonly repairs: number
}

export interface DeviceEventMessage extends AssetMessageBase {
  readonly kind: 'device-event'
  /** Lower case. */
  readonly deviceId: string
  /** Changed attributes only (modify) or all of them. */
  readonly attributes: JsonObject
  /** VIN → installed there or not any more. */
  readonly installations: Readonly<Record<string, boolean>>
  /** Device that this component belongs to, lower case. */
  readonly parent: string | undefined
}

export interface GroupEventMessage extends AssetMessageBase {
  readonly kind: 'group-event'
  readonly vin: string
  readonly attributes: JsonObject
}

export interface JobExecutionMessage {
  readonly kind: 'job-execution'
  readonly jobId: string
  /** Lower case. */
  readonly deviceId: string
  readonly succeeded: boolean
  readonly stamp: Stamp
  readonly sentAt: number
  readonly repairs: number
}

export type VehicleMessage =
  | CardataMessage
  | TripMessage
  | DtcMessage
  | EventMessage
  | AnomalyMessage

export type Message = VehicleMessage | DeviceEventMessage | GroupEventMessage | JobExecutionMessage

/** What can be said of a message's payload. */
export type Decoded =
  | { readonly usable: true; readonly message: Message }
  /** Legal, but not about vehicles or their devices: nothing to store. */
  | { readonly usable: true; readonly message: undefined; readonly ignored: string }
  | { readonly usable: false; readonly reason: string; readonly original?: Original }
