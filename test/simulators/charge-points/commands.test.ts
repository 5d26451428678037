import t from 'tap'
import { OCPP16, OCPP20 } from 'typed-ocpp'
import { until } from '../../helpers/until.ts'
import { PAST } from './command-case.ts'
import { CASES_16, NOT_ASKED_16 } from './commands-16.ts'
import { CASES_201, NOT_ASKED_201, NOT_IMPLEMENTED_201 } from './commands-201.ts'
import { startStation } from './stations.ts'
import { describeFault, startCsms } from './stub-csms.ts'

for (const [protocol, cases, schemas, left] of [
  ['ocpp1.6', CASES_16, OCPP16.schemas, NOT_ASKED_16],
  ['ocpp2.0.1', CASES_201, OCPP20.schemas, [...NOT_ASKED_201, ...NOT_IMPLEMENTED_201]],
] as const) {
  t.test(`${protocol}: each call of a server is answered`, async (t) => {
    const csms = await startCsms(t)
    const { id, station } = startStation(t, csms.url, { protocol, speed: 1 })
    await until(() => station.isOnline)
    for (const [action, payload, answer] of cases) {
      const given = await csms.ask(id, action, payload)
      t.match(given, answer, `${action} ${JSON.stringify(payload)}`)
    }
    // What it says because of them comes before the connection ends with the last one, Reset.
    await until(() => !station.connection.isOpen)
    t.same(csms.faults, [])
  })

  t.test(`${protocol}: no call of a server is forgotten here`, async (t) => {
    const asked = new Set(cases.map(([action]) => action))
    const actions = Object.keys(schemas)
      .filter((name) => name.endsWith('Request'))
      .map((name) => name.slice(0, -'Request'.length))
    t.same([...new Set([...asked, ...left])].sort(), actions.sort())
  })
}

t.test('what a station does not have is NotImplemented, in five elements', async (t) => {
  const csms = await startCsms(t)
  const { id, station, counts } = startStation(t, csms.url, { protocol: 'ocpp2.0.1' })
  await until(() => station.isOnline)
  const expected = { fault: 'NotImplemented', length: 5 }
  t.same(await csms.ask(id, 'SetMonitoringLevel', { severity: 1 }), expected)
  t.equal(counts.callErrors, 1)
  await csms.ask(id, 'toString', {})
  t.equal(counts.callErrors, 2)
})

t.test('the checks of this test can fail', async (t) => {
  const status = { connectorId: 1, errorCode: 'NoError', status: 'Occupied' }
  t.match(describeFault('ocpp1.6', 'StatusNotification', 'Request', status), /allowed values/)
  const extra = { currentTime: PAST, extra: 1 }
  t.match(describeFault('ocpp2.0.1', 'Heartbeat', 'Response', extra), /additional properties/)
  t.match(describeFault('ocpp1.6', 'Reset', 'Response', {}), /required/)
})
