import t from 'tap'
import * as schemas from 'typed-ocpp/dist/ocpp20/schemas.js'
import { COMMAND_KINDS } from '../../../src/charging/command-kinds.ts'
import { actions201, LATER_FROM, LATER_TO } from '../../../src/ocpp/v201/actions.ts'

/** Of OCPP 2.0.1 part 2: what a charging station calls. */
const FROM = [
  'Authorize',
  'BootNotification',
  'ClearedChargingLimit',
  'DataTransfer',
  'FirmwareStatusNotification',
  'Get15118EVCertificate',
  'GetCertificateStatus',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'NotifyChargingLimit',
  'NotifyCustomerInformation',
  'NotifyDisplayMessages',
  'NotifyEVChargingNeeds',
  'NotifyEVChargingSchedule',
  'NotifyEvent',
  'NotifyMonitoringReport',
  'NotifyReport',
  'PublishFirmwareStatusNotification',
  'ReportChargingProfiles',
  'ReservationStatusUpdate',
  'SecurityEventNotification',
  'SignCertificate',
  'StatusNotification',
  'TransactionEvent',
]

/** Of the Core profile, and what of the other profiles is done. */
const CORE_FROM = [
  'Authorize',
  'BootNotification',
  'DataTransfer',
  'FirmwareStatusNotification',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'NotifyCustomerInformation',
  'NotifyEvent',
  'NotifyReport',
  'SecurityEventNotification',
  'SignCertificate',
  'StatusNotification',
  'TransactionEvent',
]

const rows = Object.entries(actions201)

t.test('the table has every action of the schemas and no other', async (t) => {
  const names = Object.keys(schemas).flatMap((name) => name.match(/^(.+)Request$/)?.[1] ?? [])
  t.equal(names.length, 64)
  t.same(Object.keys(actions201).toSorted(), names.toSorted())
})

t.test('each action goes in its own direction', async (t) => {
  const mayCome = rows.filter(([, row]) => row === LATER_FROM || row.from !== undefined)
  t.same(mayCome.map(([name]) => name).toSorted(), FROM)
  const mayGo = rows.filter(([, row]) => row === LATER_TO || row.to !== undefined)
  const TO = Object.keys(actions201).filter(
    (name) => !FROM.includes(name) || name === 'DataTransfer',
  )
  t.same(mayGo.map(([name]) => name).toSorted(), TO.toSorted())
})

t.test('everything of Core that a charging station calls is answered', async (t) => {
  const answered = rows.filter(([, row]) => row.from !== undefined).map(([name]) => name)
  t.same(answered.toSorted(), CORE_FROM)
})

t.test('only booting, and a report, is answered before the station is accepted', async (t) => {
  const early = rows.filter(([, { from }]) => from?.beforeAcceptance === true)
  t.same(
    early.map(([name]) => name),
    ['BootNotification', 'NotifyReport'],
  )
})

t.test(
  'each kind of commands is carried out by one action, but for what only 1.6 has',
  async (t) => {
    const kinds = rows.flatMap(([, { to }]) => (to === undefined ? [] : [to.kind]))
    const only16 = ['get-diagnostics']
    t.same(
      kinds.toSorted(),
      Object.keys(COMMAND_KINDS)
        .filter((kind) => !only16.includes(kind))
        .toSorted(),
    )
  },
)
