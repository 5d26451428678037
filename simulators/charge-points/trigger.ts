import type { Evse } from './evse.ts'
import type { Station } from './station.ts'
import type { Trigger } from './wire.ts'

/** Says now what the server wants to hear; `evse` undefined: of all of them. */
export function trigger(station: Station, what: Trigger, evse?: Evse): void {
  const evses = evse === undefined ? station.evses : [evse]
  if (what === 'boot') station.bootAgain()
  else if (what === 'heartbeat') station.wire.heartbeat()
  else if (what === 'firmwareStatus') station.jobs.report('firmware', false)
  else if (what === 'signedFirmwareStatus') station.jobs.report('firmware', true)
  else if (what === 'logStatus') station.jobs.report('log', true)
  else if (what === 'diagnosticsStatus') station.jobs.report('diagnostics', false)
  else if (what === 'certificateRequest') station.wire.requestCertificate()
  else for (const each of evses) triggerEvse(station, what, each)
}

function triggerEvse(station: Station, what: Trigger, evse: Evse): void {
  const { transaction } = evse
  if (what === 'status') station.wire.status(evse.id, evse.state, evse.errorCode)
  else if (what === 'meterValues') station.wire.metersRead(evse.id, evse.read(), 'trigger')
  else if (transaction) station.wire.metered(transaction, evse.read(), 'trigger')
}
