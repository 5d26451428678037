import { NOW, type Station } from './station.ts'

// What a station tells of its sessions, in short.

export const token = (idToken: string) => ({ idToken: { idToken, type: 'ISO14443' } })
export const VALID = token('VALID')
export const PLACE = { evse: { id: 1, connectorId: 1 } }
export const ACCEPTED = { idTokenInfo: { status: 'Accepted' } }
export const state = (chargingState: string) => ({ transactionInfo: { chargingState } })
export const stopped = (stoppedReason: string, chargingState?: string) => ({
  transactionInfo: { stoppedReason, ...(chargingState === undefined ? {} : { chargingState }) },
})

export interface Told {
  readonly transactionInfo?: object
  readonly idToken?: object
  readonly evse?: object
  readonly meterValue?: readonly object[]
}

export interface Step {
  readonly event: 'Started' | 'Updated' | 'Ended'
  readonly trigger: string
  readonly more: Told
}

export const step = (event: Step['event'], trigger: string, more: Step['more'] = {}): Step => ({
  event,
  trigger,
  more,
})
export const meter = (value: number, context: string, sampled: object = {}) => ({
  meterValue: [
    { timestamp: new Date(NOW).toISOString(), sampledValue: [{ value, context, ...sampled }] },
  ],
})
export const SIGNED = {
  signedMeterValue: {
    signedMeterData: 'T0NNRnx7fQ==',
    signingMethod: 'ECDSAP256SHA256',
    encodingMethod: 'OCMF',
    publicKey: 'MFkw',
  },
}

export const plugged = step('Started', 'CablePluggedIn', { ...PLACE, ...state('EVConnected') })
export const authorized = step('Updated', 'Authorized', VALID)
export const charging = step('Updated', 'ChargingStateChanged', state('Charging'))
export const suspended = step('Updated', 'ChargingStateChanged', state('SuspendedEV'))
/** The reusable states of part 6, as of a station whose transactions start when a cable is plugged in. */
export const ENERGY_TRANSFER = [plugged, authorized, charging]
export const STOP_AUTHORIZED = [...ENERGY_TRANSFER, step('Updated', 'StopAuthorized', VALID)]
export const POST_SESSION = [
  ...STOP_AUTHORIZED,
  step('Updated', 'ChargingStateChanged', state('EVConnected')),
]
export const disconnected = (more: object = {}) =>
  step('Ended', 'EVCommunicationLost', { ...stopped('EVDisconnected', 'Idle'), ...more })

/** A second apart, each answered. */
export async function tell(
  station: Station,
  steps: readonly Step[],
  transactionId = 'TX-1',
): Promise<object[]> {
  const answers = []
  for (const [seqNo, { event, trigger, more }] of steps.entries()) {
    const { transactionInfo, ...rest } = more
    const answer = await station.call('TransactionEvent', {
      eventType: event,
      timestamp: new Date(NOW + seqNo * 1000).toISOString(),
      triggerReason: trigger,
      seqNo,
      transactionInfo: { transactionId, ...transactionInfo },
      ...rest,
    })
    answers.push(answer)
  }
  return answers
}

/** What is known of it. */
export const transactionOf = ({ id, world }: Station, transactionId = 'TX-1') =>
  world.stores.transactions.find(`${id}/${transactionId}`)

export const authorize = (station: Station, uid: string) => station.call('Authorize', token(uid))

/** Nobody's transaction stays open: each token may have one at a time. */
export async function finish(station: Station): Promise<void> {
  await tell(station, [step('Ended', 'StopAuthorized')])
}
