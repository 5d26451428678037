import t from 'tap'
import {
  composeLatest,
  composeRecord,
  emptyRegisters,
  recordId,
  type VehicleRegisters,
} from '../../src/adapters/fleet-index/opensearch/documents.ts'
import { fitToMapping } from '../../src/adapters/fleet-index/opensearch/fit-to-mapping.ts'
import { IndexNames } from '../../src/adapters/fleet-index/opensearch/index-names.ts'
import {
  originalDocument,
  readLatest,
  readRegisters,
  telemetryTextOf,
} from '../../src/adapters/fleet-index/opensearch/read-document.ts'
import { START, stamp, status, vinOf } from '../contracts/fleet-changes.ts'

const DAY_MS = 86_400_000
const VIN = vinOf(1)
const LONG = 'x'.repeat(100)

t.test('records are placed by the day of their send time, odd clocks in one index', async (t) => {
  const names = new IndexNames({ indexPrefix: 'p-', historyRetentionMs: 30 * DAY_MS })
  const midnight = Date.parse('2026-11-20T00:00:00Z')
  const cases: [at: number, index: string][] = [
    [START, 'p-cardata-fleetgrid-2026.11.20'],
    [midnight, 'p-cardata-fleetgrid-2026.11.20'],
    [midnight - 1, 'p-cardata-fleetgrid-2026.11.19'],
    [START - 30 * DAY_MS, 'p-cardata-fleetgrid-2026.10.21'],
    [START - 30 * DAY_MS - 1, 'p-cardata-fleetgrid-other'],
    [START + DAY_MS + 5000, 'p-cardata-fleetgrid-2026.11.21'],
    [START + 30 * DAY_MS, 'p-cardata-fleetgrid-2026.12.20'],
    [START + 30 * DAY_MS + 1, 'p-cardata-fleetgrid-other'],
    [-1, 'p-cardata-fleetgrid-other'],
    [Number.MAX_SAFE_INTEGER, 'p-cardata-fleetgrid-other'],
  ]
  for (const [at, index] of cases) t.equal(names.history('cardata', at, START), index)
  t.equal(names.dayOf('cardata', 'p-cardata-fleetgrid-2026.11.20'), midnight)
  for (const other of [
    'p-cardata-fleetgrid-other',
    'p-trip-fleetgrid-2026.11.20',
    'cardata-fleetgrid-2026.11.20',
    'p-cardata-2026.11.20',
    'p-cardata-fleetgrid-2026.13.01',
  ]) {
    t.equal(names.dayOf('cardata', other), undefined, other)
  }
  t.equal(names.generationOf(names.concrete('devices', 12)), 12)
})

t.test('what is composed is read back', async (t) => {
  const registers: VehicleRegisters = {
    telemetry: stamp(5, 'a "quoted" id'),
    position: { stamp: stamp(4), longitude: 11.5, latitude: -48.25 },
    status: status(VIN, {
      make: 'AMZ',
      modelYear: 2020,
      softwareVersions: ['1.0'],
      troubleCodes: ['P1'],
      anomalies: ['OilTemp'],
    }),
    writer: 'one',
    changedAt: START,
  }
  const telemetry = { vin: VIN, sendtimestamp: '2026-11-20T12:00:00Z', fuel: 1.5, name: LONG }
  for (const text of [JSON.stringify(telemetry), '{"fuel":1.5}']) {
    const document = JSON.parse(composeLatest(VIN, registers, text))
    t.strictSame(readRegisters(document), registers)
    t.equal(document.vin, VIN)
    t.strictSame(document.attributes, { make: 'AMZ', modelyear: 2020 })
    t.strictSame(document.trouble_codes, [{ code: 'P1' }])
    t.strictSame(document.anomalies, [{ anomaly_type: 'OilTemp' }])
    t.equal(readLatest(VIN, document).view.telemetry?.fuelL, 1.5)
    const again = JSON.parse(telemetryTextOf(document) ?? '')
    t.strictSame(again, { vin: VIN, ...JSON.parse(text) })
  }
  const bare = JSON.parse(composeLatest(VIN, emptyRegisters(), undefined))
  t.strictSame(readRegisters(bare), emptyRegisters())
  t.equal(telemetryTextOf(bare), undefined)
})

t.test('a position from before the deletion is kept but found by nothing', async (t) => {
  const registers = {
    ...emptyRegisters(),
    position: { stamp: stamp(4), longitude: 1, latitude: 2 },
    status: status(VIN, { deleted: stamp(5) }),
    writer: 'one',
  }
  const document = JSON.parse(composeLatest(VIN, registers, undefined))
  t.equal(document.fleetgrid.position, undefined)
  t.equal(document.fleetgrid.hidden, true)
  t.strictSame(readRegisters(document), registers)
})

t.test("a vehicle's own members of our names lose in latest_telemetry, nowhere else", async (t) => {
  const own = { fleetgrid: 1, attributes: 2, devices: 3, trouble_codes: 4, anomalies: 5, fuel: 6 }
  const text = JSON.stringify({ ...own, name: LONG })
  const latest = JSON.parse(composeLatest(VIN, emptyRegisters(), text))
  t.strictSame(Object.keys(latest).sort(), ['fleetgrid', 'fuel', 'name', 'vin'])
  const record = { index: 'cardata', vin: VIN, at: START, id: 'm', document: text } as const
  const stored = JSON.parse(composeRecord(record, START))
  t.strictSame(originalDocument(stored), { ...own, name: LONG })
  t.equal(stored.fleetgrid.vin, VIN)
})

t.test('a plain text is written as any other, only without a look at it', async (t) => {
  const registers = { ...emptyRegisters(), status: status(VIN), writer: 'one' }
  const text = JSON.stringify({ vin: VIN, name: LONG, fuel: 1 })
  t.equal(composeLatest(VIN, registers, text, 'plain'), composeLatest(VIN, registers, text))
  const record = { index: 'cardata', vin: VIN, at: START, id: 'm', document: text } as const
  const members = '"attributes":{"make":"M"}'
  for (const about of [record, { ...record, members }]) {
    t.equal(composeRecord({ ...about, isPlain: true }, START), composeRecord(about, START))
  }
  const wrong = '{"fuel":{"litres":1}}'
  t.notMatch(composeLatest(VIN, registers, wrong, 'unfit'), 'litres')
})

t.test('documents are one line, and text that is no document is refused', async (t) => {
  const record = { index: 'event', vin: VIN, at: START, id: 'm' } as const
  const lines = `{\n"text": "${LONG}",\r\n"more": 1}`
  t.notMatch(composeRecord({ ...record, document: lines }, START), '\n')
  t.notMatch(composeLatest(VIN, emptyRegisters(), lines), '\n')
  for (const document of ['{"broken', '[]', '7', '', `{"broken": "${LONG}`]) {
    t.throws(() => composeRecord({ ...record, document }, START), { name: 'SyntaxError' })
    t.throws(() => composeLatest(VIN, emptyRegisters(), document), { name: 'SyntaxError' })
  }
  t.equal(recordId({ vin: VIN, at: START, id: 'm' }), `${START}~${VIN}~m`)
})

t.test('what the mapping takes stays, the rest is put aside', async (t) => {
  const cases = [
    [{ fuel: 1, unknown: { any: 'thing' } }, {}],
    [{ fuel: '1.5', oiltemp: 'hot' }, {}],
    [{}, { fuel: { litres: 1 } }],
    [{ speed: { max: 1 } }, { speed: { average: {} } }],
    [{ geolocation: { latitude: 1 } }, { geolocation: { heading: [{}] } }],
    [{}, { geolocation: 'here' }],
    [{ geolocation: null, speed: [] }, {}],
    [{}, { 'a.b': 1, '': 2, ' ': 3 }],
    [{ communications: { wifi: 7 } }, {}],
  ]
  for (const [fitted = {}, displaced = {}] of cases) {
    const both = mergedDeep(fitted, displaced)
    const name = JSON.stringify(both)
    const found = fitToMapping(both, 'cardata')
    t.strictSame(withoutEmpty(found.fitted), fitted, name)
    t.strictSame(found.displaced, displaced, name)
  }
})

type Plain = Record<string, any>

function mergedDeep(one: Plain, other: Plain): Plain {
  const both = { ...one }
  for (const [name, value] of Object.entries(other)) {
    both[name] = name in both ? { ...both[name], ...value } : value
  }
  return both
}

/** A group of which all was put aside stays as an empty one. */
function withoutEmpty(document: Plain): Plain {
  const filled = Object.entries(document).filter(([, value]) => JSON.stringify(value) !== '{}')
  return Object.fromEntries(filled)
}
