import { once } from 'node:events'
import t from 'tap'
import { WebSocket } from 'ws'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { Station } from '../helpers/ocpp.ts'

// The whole service: what becomes of charging data and forgotten transactions in the course of time.

const DAY_MS = 86_400_000

t.test(
  'each kind of data is kept for its own time; a forgotten transaction is counted',
  async (t) => {
    const service = await startFleetgrid(t, {
      CHARGING_PLACE_READING_RETENTION_DAYS: '2',
      CHARGING_RECORD_RETENTION_DAYS: '0',
      CHARGING_TRANSACTION_LOST_AFTER_H: '24',
    })
    await service.send('PUT', '/id-tokens/CARD', {})
    const socket = new WebSocket(`${service.httpUrl.replace('http', 'ws')}/ocpp/CP-1`, ['ocpp1.6'])
    const station = new Station(socket)
    await once(socket, 'open')
    const say = async (action: string, payload: object) =>
      (await station.ask([2, action, action, payload]))[2]
    await say('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })
    const timestamp = '1970-01-01T00:00:10Z'
    const start = { connectorId: 1, idTag: 'CARD', meterStart: 0, timestamp }
    const { transactionId } = await say('StartTransaction', start)
    const meterValue = [{ timestamp, sampledValue: [{ value: '5' }] }]
    await say('MeterValues', { connectorId: 1, meterValue })
    await say('SecurityEventNotification', { type: 'X', timestamp })
    const startAnother = async (meterStart: number): Promise<string> => {
      const began = await say('StartTransaction', { ...start, connectorId: 2, meterStart })
      const { transactionId } = began
      await say('StopTransaction', { transactionId, meterStop: meterStart, timestamp })
      return began.idTagInfo.status
    }
    t.equal(await startAnother(1), 'ConcurrentTx')
    const readings = async () =>
      (await service.get('/charge-points/CP-1/readings')).body.meterValues
    t.match(await readings(), [{ samples: [{ value: 5 }] }])

    service.clock.ahead += DAY_MS + 1
    await service.fleetgrid.upkeep()
    t.equal((await readings()).length, 1, 'the clock of the charge point was never set')
    t.equal(await service.metric(/^fleetgrid_charging_lost_transactions /), 1)
    t.match((await service.get('/transactions?lost=true')).body.transactions, [
      { number: transactionId, state: 'lost' },
    ])
    t.equal(await startAnother(2), 'Accepted')

    service.clock.ahead += DAY_MS + 1
    await service.fleetgrid.upkeep()
    t.strictSame(await readings(), [])
    t.equal(await service.metric(/^fleetgrid_charging_dropped_total\{data="place-readings"\}/), 1)
    const { body } = await service.get('/charge-points/CP-1/records')
    t.match(body.records, [{ kind: 'security-event' }], '0 days: for ever')
    const close = `/transactions/${transactionId}/close`
    t.match(await service.send('POST', close, { reason: 'gone' }), { body: { state: 'closed' } })
    await service.fleetgrid.upkeep()
    t.equal(await service.metric(/^fleetgrid_charging_lost_transactions /), 0)
    t.equal((await service.get('/transactions?lost=true', 'viewer')).status, 403)
    socket.close()
  },
)
