import type { Test } from 'tap'
import type { FleetChange, HistoryRecord } from '../../src/ports/fleet-index.ts'
import { FIRST_PAGE, HERE, record, status, telemetry, vinOf, withStatus } from './fleet-changes.ts'
import type { Subject } from './fleet-index.ts'

const VIN = vinOf(1)

/** What vehicles may send, and what nobody can store. */
export async function documentContract(t: Test, subject: (t: Test) => Promise<Subject>) {
  t.test('a change that can never be stored is rejected, its neighbours are stored', async (t) => {
    const { index, settle } = await subject(t)
    const poison = [
      telemetry(VIN, 10, { id: 'x'.repeat(10_000), tripId: 'P' }),
      telemetry(VIN, 11, { id: 'half a pair \ud800', tripId: 'P' }),
      { history: telemetry(VIN, 12).history.map((entry) => ({ ...entry, at: Number.NaN })) },
      telemetry(VIN, 13, { tripId: 'P', position: { longitude: Number.NaN, latitude: 0 } }),
      { history: record('trip', VIN, 14, 'p').history.map(broken) },
    ].map((change, number) => withStatus(change, status(VIN, { make: `poison ${number}` })))
    const report = await index.write([
      telemetry(VIN, 1, { tripId: 'T', position: HERE }),
      ...poison,
      telemetry(VIN, 2, { tripId: 'T', position: HERE }),
    ])
    t.strictSame(report.rejected.map(({ index }) => index).sort(), [1, 2, 3, 4, 5])
    for (const { reason } of report.rejected) t.match(reason, /\w{5}/, reason)
    t.equal(report.accepted, 2)
    t.strictSame(report.retry, [])
    await settle()
    t.equal((await index.route('T'))?.length, 2)
    t.equal(await index.route('P'), undefined, 'nothing of a rejected change is stored')
    t.equal((await index.latestVehicle(VIN))?.make, undefined)
  })

  t.test('a change is stored as one, or not at all', async (t) => {
    const { index, settle } = await subject(t)
    const good = telemetry(VIN, 1, { tripId: 'T', position: HERE })
    const bad = record('trip', VIN, 1, 'x'.repeat(10_000))
    const history = [...good.history, ...bad.history]
    const report = await index.write([{ ...good, history }])
    t.equal(report.rejected.length, 1)
    await settle()
    t.equal(await index.route('T'), undefined)
    t.equal(await index.latestVehicle(VIN), undefined)
  })

  t.test('documents of every shape are stored', async (t) => {
    const { index, settle } = await subject(t)
    const texts = [
      {},
      { fleetgrid: { mine: 1 }, attributes: 'none', devices: 7, trouble_codes: {}, anomalies: [] },
      { geolocation: 'somewhere', 'a.b': 1, '': 2, odometer: { 'metres.x': { y: 1 } } },
      { geolocation: { heading: {}, speed: [1, { two: 2 }], location: 'nowhere' }, fuel: 1e300 },
      { sendtimestamp: 'soon', vin: { not: 'text' }, nested: [[[{ deep: [null, true] }]]] },
      { constructor: { prototype: { poison: true } }, text: '\n \u2028 "quotes" \\ \u{1f600}' },
    ].map((document) => JSON.stringify(document))
    texts.push('{"__proto__":{"poison":true},"oiltemp":1e99}', '{\n "fuel": 1,\r\n "x": 2\n}')
    const changes = texts.map((document, number): FleetChange => {
      const vin = vinOf(number)
      const { history, telemetry: section } = telemetry(vin, number, { position: HERE })
      const trip = record('trip', vin, number, 'trip').history
      return {
        history: [...history, ...trip].map((entry) => ({ ...entry, document })),
        ...(section === undefined ? {} : { telemetry: { ...section, document } }),
        statuses: [status(vin, { make: 'AMZ' })],
      }
    })
    const report = await index.write(changes)
    t.strictSame(report.rejected, [])
    t.equal(report.accepted, texts.length)
    await settle()
    for (const [number, text] of texts.entries()) {
      const { items } = await index.trips({ vin: vinOf(number), page: FIRST_PAGE })
      t.strictSame(entriesOf(items[0]), entriesOf(JSON.parse(text)), `trip ${number}`)
      t.equal((await index.latestVehicle(vinOf(number)))?.make, 'AMZ', `vehicle ${number}`)
    }
  })
}

function broken(entry: HistoryRecord): HistoryRecord {
  return { ...entry, document: '{"broken' }
}

/** Objects as sorted entries: a member may be called `__proto__`. */
function entriesOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(entriesOf)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, member]) => [name, entriesOf(member)])
  return { entries: entries.sort(([left], [right]) => (String(left) < String(right) ? -1 : 1)) }
}
