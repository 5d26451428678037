/** The kinds of events that a submission can hold, in the order in which they are published. */
export const EVENT_TYPES = ['new_process', 'network_connection'] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** What a sensor has seen since its last submission. Nothing of it is changed on its way. */
export interface Submission {
  readonly id: string
  readonly deviceId: string
  /** Local time of the device, as it wrote it. */
  readonly timeCreated: string
  readonly events: readonly SubmittedEvent[]
  /** Events that are dropped, if that is what the settings say of bad ones. */
  readonly rejected: readonly RejectedEvent[]
  readonly encoding: Encoding
}

export interface SubmittedEvent {
  readonly type: EventType
  /** In its list, from 0. */
  readonly index: number
  /** Among all events of the submission, dropped ones included, from 0. */
  readonly seq: number
  readonly details: object
}

export interface RejectedEvent {
  /** Where it stands: `events.new_process[3]`. */
  readonly path: string
  readonly reason: string
}

/** How the body came: producers of both kinds exist. */
export type Encoding = 'base64' | 'json'

/** A submission that can't be used, and whose it was if that can be told. */
export interface InvalidSubmission {
  readonly reason: string
  readonly deviceId: string | undefined
  readonly encoding: Encoding
}
