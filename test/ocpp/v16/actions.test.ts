import t from 'tap'
import * as schemas from 'typed-ocpp/dist/ocpp16/schemas.js'
import { COMMAND_KINDS, isCommandKind } from '../../../src/charging/command-kinds.ts'
import { actions16 } from '../../../src/ocpp/v16/actions.ts'

/** OCPP 1.6 chapter 4, and the security whitepaper's. All others are ours (chapter 5). */
const FROM = [
  'Authorize',
  'BootNotification',
  'DataTransfer',
  'DiagnosticsStatusNotification',
  'FirmwareStatusNotification',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'SecurityEventNotification',
  'SignCertificate',
  'SignedFirmwareStatusNotification',
  'StartTransaction',
  'StatusNotification',
  'StopTransaction',
]
const BOTH = ['DataTransfer']

/** What 1.6 has no words for. */
const UNSAYABLE = [
  'get-base-report',
  'get-customer-information',
  'get-report',
  'get-transaction-status',
  'set-network-profile',
]

const rows = Object.entries(actions16)
const namesIn = (schemaNames: readonly string[]) =>
  schemaNames.flatMap((name) => name.match(/^(.+)Request$/)?.[1] ?? [])

t.test('the table has every action of the schemas and no other', async (t) => {
  const names = namesIn(Object.keys(schemas))
  t.equal(names.length, 39)
  t.strictSame(Object.keys(actions16).toSorted(), names.toSorted())
})

t.test('each goes in its direction', async (t) => {
  for (const [name, { from, to }] of rows) {
    t.equal(from !== undefined, FROM.includes(name), `${name} from a charge point`)
    t.equal(to !== undefined, !FROM.includes(name) || BOTH.includes(name), `${name} to one`)
  }
})

t.test('only booting is for those that are not accepted yet', async (t) => {
  const early = rows.filter(([, { from }]) => from?.beforeAcceptance === true)
  t.strictSame(
    early.map(([name]) => name),
    ['BootNotification'],
  )
})

t.test('every kind of commands is carried out by an action, but those of 2.0.1', async (t) => {
  const kinds = rows.flatMap(([, { to }]) => (to === undefined ? [] : [to.kind]))
  for (const kind of kinds) t.ok(isCommandKind(kind), kind)
  const missing = Object.keys(COMMAND_KINDS).filter((kind) => !kinds.includes(kind))
  t.strictSame(missing.toSorted(), UNSAYABLE)
})

t.test('where several carry out one kind, they say which fits', async (t) => {
  for (const [name, { to }] of rows) {
    const others = rows.filter(([other, row]) => other !== name && row.to?.kind === to?.kind)
    if (to !== undefined && others.length > 0) t.ok(to.fits, name)
  }
})
