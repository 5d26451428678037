import type { Test } from 'tap'
import type { ProtocolName } from '../../../simulators/charge-points/connection.ts'
import { createCounts } from '../../../simulators/charge-points/counts.ts'
import { createIdentity } from '../../../simulators/charge-points/identity.ts'
import { Scheduler } from '../../../simulators/charge-points/scheduler.ts'
import { Station } from '../../../simulators/charge-points/station.ts'
import type { StationOptions } from '../../../simulators/charge-points/station-options.ts'
import { OCPP_16 } from '../../../simulators/charge-points/v16.ts'
import { OCPP_201 } from '../../../simulators/charge-points/v201.ts'
import type { StubCsms } from './stub-csms.ts'

export const VERSIONS = ['ocpp1.6', 'ocpp2.0.1'] as const
export const PROTOCOLS = { 'ocpp1.6': OCPP_16, 'ocpp2.0.1': OCPP_201 } as const

/** A station as the simulator makes them, on a clock that runs fast; looked after every 50 ms. */
export function startStation(
  t: Test,
  url: string,
  {
    speed = 600,
    ...options
  }: Partial<StationOptions> & { readonly speed?: number | undefined } = {},
) {
  const counts = createCounts()
  const scheduler = new Scheduler(speed)
  const troubles: string[] = []
  const identity = createIdentity('1', 'CP-', 0)
  const protocol = options.protocol ?? 'ocpp1.6'
  const station = new Station(
    {
      identity,
      protocol,
      url,
      password: undefined,
      compression: false,
      evseCount: 2,
      seed: '1',
      rates: { sessionsPerHour: 0, faultRate: 0, offlineRate: 0 },
      callTimeoutMs: 5000,
      tokenOf: (evseId) => `CARD-${evseId}`,
      trouble: (reason) => troubles.push(reason),
      ...options,
    },
    PROTOCOLS[protocol],
    { scheduler, counts },
  )
  const looking = setInterval(() => station.lookAtClock(), 50)
  t.teardown(async () => {
    await station.stop(0)
    clearInterval(looking)
    scheduler.stop()
  })
  station.start()
  return { station, counts, scheduler, troubles, id: identity.id }
}

/** A call of the server, at the first EVSE; resolves to the answer. */
export function startRemotely(csms: StubCsms, id: string, protocol: ProtocolName): Promise<any> {
  return protocol === 'ocpp1.6'
    ? csms.ask(id, 'RemoteStartTransaction', { connectorId: 1, idTag: 'REMOTE' })
    : csms.ask(id, 'RequestStartTransaction', {
        evseId: 1,
        remoteStartId: 1,
        idToken: { idToken: 'REMOTE', type: 'Central' },
      })
}
