import t from 'tap'
import { createServices } from '../../../src/charging/create-services.ts'
import type { ChargePointSession } from '../../../src/charging/session.ts'
import type { ActionTable, InboundCall } from '../../../src/ocpp/action.ts'
import { actions16 } from '../../../src/ocpp/v16/actions.ts'
import { actions201 } from '../../../src/ocpp/v201/actions.ts'
import { createChargingWorld } from '../../helpers/charging-world.ts'
import { startGateway } from '../../helpers/ocpp.ts'
import { until } from '../../helpers/until.ts'
import { startStation, VERSIONS } from './stations.ts'

for (const protocol of VERSIONS) {
  t.test(`${protocol}: simulated stations and our own server understand each other`, async (t) => {
    const world = await createChargingWorld(t)
    const services = createServices({
      ...world.stores,
      clock: { now: () => Date.now() },
      heartbeatIntervalSeconds: 1,
      bootRetryIntervalSeconds: 30,
      vendorIds: new Set(),
      onEvent: () => {},
    })
    for (const uid of ['CARD-1', 'CARD-2']) await world.putToken(uid)
    const settings = { registration: 'accepted', securityProfileMin: 0, leniency: [] } as const
    await world.stores.chargePoints.create('CP-0001', settings, undefined)
    let epoch = 0
    const server = await startGateway(t, {
      actions: { '1.6': withServices(actions16), '2.0.1': withServices(actions201) },
      admit: async (id, { protocol }) => {
        epoch += 1
        const session = { id, protocol, epoch, registration: 'accepted', lastSeenAt: Date.now() }
        return { session: session as ChargePointSession }
      },
    })
    const { id, counts, station } = startStation(t, `ws://127.0.0.1:${server.port}/ocpp`, {
      protocol,
      speed: 1000,
      rates: { sessionsPerHour: 60, faultRate: 0.2, offlineRate: 0.7 },
    })
    await until(() => counts.sessionsEnded >= 4 && counts.reconnects > 0)
    await until(() => station.isOnline)
    await station.stop(5000)
    t.equal(station.queue.size, 0)
    t.match(counts, { callErrors: 0, timeouts: 0, badFrames: 0, messagesLost: 0 })
    t.equal(counts.sessionsStarted, counts.sessionsEnded)
    const loud = server.logLines.filter(({ level }) => Number(level) >= 40)
    t.same(loud, [], 'nothing to warn of')
    const stored = await world.stores.transactions.list({ chargePointId: id, limit: 100 })
    t.equal(stored.length, counts.sessionsStarted)
    for (const { stoppedAt, startedAt, meterStartWh = 0, meterStopWh = -1 } of stored) {
      t.ok(stoppedAt !== undefined && stoppedAt >= startedAt)
      t.ok(meterStopWh >= meterStartWh, `${meterStartWh} to ${meterStopWh} Wh`)
    }
    t.ok(protocol === 'ocpp1.6' || stored.some(({ wasOffline }) => wasOffline))

    function withServices(table: ActionTable): ActionTable {
      return Object.fromEntries(
        Object.entries(table).map(([name, row]) => {
          const { from } = row
          if (from === undefined) return [name, row]
          const handle = (call: InboundCall<never>) => from.handle({ ...call, services })
          return [name, { ...row, from: { ...from, handle } }]
        }),
      )
    }
  })
}
