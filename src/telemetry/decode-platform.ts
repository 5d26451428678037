import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { Stamp } from '../domain/stamp.ts'
import { parseTimestamp } from '../domain/time.ts'
import { normalizeVin } from '../domain/vin.ts'
import { createShapeCheck, repairNumber } from './check-shape.ts'
import { parseObject, Unusable } from './decode-payload.ts'
import { contentId, type Envelope } from './envelope.ts'
import type { Message } from './messages.ts'
import { DeviceEventMessage, GroupEventMessage, JobExecutionMessage } from './schemas.ts'

// Messages of the platform around the vehicles: asset library (reference §1.6), AWS IoT jobs (§1.8).

const VEHICLE_GROUP = /^\/auto\/vehicles\/(?:.+\/)?([^/]+)$/i
const INSTALLED_IN = 'installed_in'

const checkDeviceEvent = createShapeCheck(DeviceEventMessage, [])
const checkGroupEvent = createShapeCheck(GroupEventMessage, [])

export function decodeDeviceEvent(document: JsonObject, envelope: Envelope): Message | string {
  const { value: event } = checkDeviceEvent(document)
  const object = readObject(event.payload)
  const about = event.attributes
  const component = about?.componentid ?? undefined
  const named = component ?? about?.deviceid ?? text(object['deviceid']) ?? event.objectid
  const parent = component === undefined ? undefined : (about?.deviceid ?? event.objectid)
  const installations: Record<string, boolean> = Object.create(null)
  for (const path of installedIn(object['groups'])) noteInstallation(installations, path, true)
  if (isInstallation(about?.relationship)) {
    noteInstallation(installations, about?.detachedfromgroup, false)
    noteInstallation(installations, about?.attachedtogroup, true)
  }
  return {
    kind: 'device-event',
    event: event.event,
    deviceId: deviceIdOf(named),
    attributes: readAttributes(object),
    installations,
    parent: parent === undefined ? undefined : deviceIdOf(parent),
    repairs: 0,
    ...stampOf(event.time, envelope),
  }
}

export function decodeGroupEvent(document: JsonObject, envelope: Envelope): Message | string {
  const { value: event } = checkGroupEvent(document)
  const object = readObject(event.payload)
  const path = text(object['grouppath']) ?? event.objectid
  const name = VEHICLE_GROUP.exec(path)?.[1]
  if (name === undefined) return 'a group that is not a vehicle'
  const vin = normalizeVin(decodeName(name))
  if (vin === undefined)
    throw new Unusable('objectid does not end in a vehicle identification number')
  const attributes = readAttributes(object)
  const repairs = repairNumber(attributes, ['modelyear'])
  return {
    kind: 'group-event',
    event: event.event,
    vin,
    attributes,
    repairs,
    ...stampOf(event.time, envelope),
  }
}

const checkJobExecution = createShapeCheck(JobExecutionMessage, ['timestamp'])

export function decodeJobExecution(document: JsonObject, envelope: Envelope): Message {
  const { value, repairs } = checkJobExecution(document)
  const thing = value.thingarn.slice(value.thingarn.lastIndexOf('thing/') + 'thing/'.length)
  // Whole seconds: the job ended some time within that second, so its end is what is certain.
  const sentAt = Math.floor(value.timestamp) * 1000 + 999
  const at = Math.min(sentAt, envelope.receivedAt)
  return {
    kind: 'job-execution',
    jobId: value.jobid,
    deviceId: deviceIdOf(thing),
    succeeded: value.status.toUpperCase() === 'SUCCEEDED',
    stamp: { at, id: value.eventid ?? contentId(envelope.payload) },
    sentAt,
    repairs,
  }
}

/** `payload` is text that holds JSON, with keys of its own to lower. An object is taken too. */
function readObject(payload: unknown): JsonObject {
  if (payload === undefined || payload === null) return {}
  if (isJsonObject(payload)) return payload
  if (typeof payload !== 'string') throw new Unusable('payload is neither JSON text nor an object')
  return parseObject(payload, 'payload')
}

function readAttributes(object: JsonObject): JsonObject {
  const attributes = object['attributes']
  if (attributes === undefined || attributes === null) return {}
  if (!isJsonObject(attributes)) throw new Unusable('payload.attributes is not an object')
  return attributes
}

/** `groups.installed_in`, or one level deeper under `in` or `out` as newer asset libraries write it. */
function installedIn(groups: Json | undefined): string[] {
  if (!isJsonObject(groups)) return []
  const places = [groups[INSTALLED_IN], groups['out'], groups['in']].map((place) =>
    isJsonObject(place) ? place[INSTALLED_IN] : place,
  )
  return places.flat().filter((path) => typeof path === 'string')
}

function isInstallation(relationship: string | null | undefined): boolean {
  return relationship === undefined || relationship === null || relationship === INSTALLED_IN
}

function noteInstallation(
  installations: Record<string, boolean>,
  path: string | null | undefined,
  installed: boolean,
): void {
  const name = VEHICLE_GROUP.exec(path ?? '')?.[1]
  const vin = name === undefined ? undefined : normalizeVin(decodeName(name))
  if (vin !== undefined) installations[vin] = installed
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function deviceIdOf(name: string): string {
  if (name.length > 256) throw new Unusable('the device id is longer than 256 characters')
  return name.toLowerCase()
}

function stampOf(
  time: string | null | undefined,
  envelope: Envelope,
): { stamp: Stamp; sentAt: number } {
  const sentAt = time === undefined || time === null ? envelope.receivedAt : parseTimestamp(time)
  if (sentAt === undefined) throw new Unusable('time is not an ISO 8601 time')
  const at = Math.min(sentAt, envelope.receivedAt)
  return { stamp: { at, id: contentId(envelope.payload) }, sentAt }
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
