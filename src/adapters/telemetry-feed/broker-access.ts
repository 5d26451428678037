/** A client that proved who it is; `subject` is its device id if it has the role `device`. */
export interface BrokerCaller {
  readonly subject: string
  readonly roles: ReadonlySet<string>
}

/** What clients without a token may publish: see MQTT_ANONYMOUS. */
export type AnonymousAccess = 'all' | 'telemetry' | 'none'

const VEHICLE_TOPICS = 'dt/cvra/'
const RESERVED_TOPICS = '$SYS/'

/**
 * Who may publish where. Operators and admins everywhere but `$SYS/`, which is the broker's own; a
 * device only as itself; who has no token what the setting says.
 */
export function mayPublish(
  caller: BrokerCaller | undefined,
  anonymous: AnonymousAccess,
  topic: string,
): boolean {
  if (topic.startsWith(RESERVED_TOPICS)) return false
  if (caller === undefined) {
    return anonymous === 'all' || (anonymous === 'telemetry' && topic.startsWith(VEHICLE_TOPICS))
  }
  if (isOperator(caller)) return true
  return caller.roles.has('device') && topic.startsWith(ownTopics(caller))
}

/** Reading others' messages needs a role; a device hears what is addressed to it. */
export function maySubscribe(
  caller: BrokerCaller | undefined,
  anonymous: AnonymousAccess,
  filter: string,
): boolean {
  if (caller === undefined) return anonymous === 'all'
  if (isOperator(caller) || caller.roles.has('viewer')) return true
  return caller.roles.has('device') && filter.startsWith(ownTopics(caller))
}

function isOperator(caller: BrokerCaller): boolean {
  return caller.roles.has('operator') || caller.roles.has('admin')
}

function ownTopics(caller: BrokerCaller): string {
  return `${VEHICLE_TOPICS}${caller.subject}/`
}
