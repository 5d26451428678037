import t from 'tap'
import type { OCPP16 } from 'typed-ocpp'
import type { Sample } from '../../../src/domain/charging-transaction.ts'
import { createChargingWorld } from '../../helpers/charging-world.ts'
import { createStation, faultOf } from './station.ts'

const world = await createChargingWorld(t)
const AT = '2026-04-06T09:59:30.000Z'

async function charging() {
  const station = await createStation(world)
  const { transactionId } = await station.call<OCPP16.StartTransactionResponse>(
    'StartTransaction',
    { connectorId: 1, idTag: 'A', meterStart: 0, timestamp: '2026-04-06T09:00:00Z' },
  )
  const id = `${station.session.id}/${transactionId}`
  return {
    id,
    tell: (sampledValue: object[], timestamp = AT) =>
      station.call('MeterValues', {
        connectorId: 1,
        transactionId,
        meterValue: [{ timestamp, sampledValue }],
      }),
    readings: () => world.stores.transactions.readings({ transactionId: id, limit: 100 }),
  }
}

/** As they are stored: what is not said is not there. */
const plain = (samples: readonly Sample[] | undefined) => JSON.parse(JSON.stringify(samples ?? []))

t.test('1.6 MeterValues: text becomes numbers, with all that is said of them', async (t) => {
  const { tell, readings } = await charging()
  t.strictSame(
    await tell([
      { value: '1234.5' },
      {
        value: '-0.7e1',
        measurand: 'Current.Import',
        unit: 'A',
        context: 'Sample.Clock',
        phase: 'L1',
        location: 'Outlet',
        format: 'Raw',
      },
    ]),
    {},
  )
  const [reading] = await readings()
  t.equal(reading?.at, Date.parse(AT))
  t.strictSame(plain(reading?.samples), [
    { value: 1234.5 },
    {
      value: -7,
      measurand: 'Current.Import',
      unit: 'A',
      context: 'Sample.Clock',
      phase: 'L1',
      location: 'Outlet',
      format: 'Raw',
    },
  ])
})

t.test(
  '1.6 MeterValues: signed data stays as it came, also if it looks like a number',
  async (t) => {
    const { tell, readings } = await charging()
    await tell([
      { value: '0042', format: 'SignedData' },
      { value: 'OCMF|{}|{}', format: 'SignedData' },
    ])
    const [reading] = await readings()
    t.strictSame(plain(reading?.samples), [
      { value: '0042', format: 'SignedData' },
      { value: 'OCMF|{}|{}', format: 'SignedData' },
    ])
  },
)

t.test('1.6 MeterValues: what is no number is kept as text', async (t) => {
  const { tell, readings } = await charging()
  await tell([{ value: 'NaN' }, { value: '' }, { value: '1,5' }])
  const [reading] = await readings()
  t.strictSame(plain(reading?.samples), [{ value: 'NaN' }, { value: '' }, { value: '1,5' }])
})

t.test('1.6 MeterValues: both spellings of Celsius are one', async (t) => {
  const { tell, readings } = await charging()
  await tell([
    { value: '20', measurand: 'Temperature', unit: 'Celcius' },
    { value: '21', measurand: 'Temperature', unit: 'Celsius' },
  ])
  const [reading] = await readings()
  t.match(reading?.samples, [{ unit: 'Celsius' }, { unit: 'Celsius' }])
})

t.test('1.6 MeterValues: the transaction knows its meter; told again it is once', async (t) => {
  const { id, tell, readings } = await charging()
  await tell([{ value: '3.2', unit: 'kWh' }])
  await tell([{ value: '3.2', unit: 'kWh' }])
  t.equal((await readings()).length, 1)
  t.equal((await world.stores.transactions.find(id))?.meterWh, 3200)
})

t.test(
  '1.6 MeterValues: of no transaction, of the charge point as a whole, of nothing',
  async (t) => {
    const station = await createStation(world)
    const meterValue = [{ timestamp: AT, sampledValue: [{ value: '1' }] }]
    t.strictSame(await station.call('MeterValues', { connectorId: 2, meterValue }), {})
    t.strictSame(await station.call('MeterValues', { connectorId: 0, meterValue }), {})
    t.strictSame(await station.call('MeterValues', { connectorId: 1, meterValue: [] }), {})
    t.strictSame(
      await station.call('MeterValues', { connectorId: 1, transactionId: 999_999, meterValue }),
      {},
      'of one that nobody knows',
    )
  },
)

t.test('1.6 MeterValues: bad input', async (t) => {
  const fault = (sampled: object) =>
    faultOf('Request', 'MeterValues', {
      connectorId: 1,
      meterValue: [{ timestamp: AT, sampledValue: [sampled] }],
    })
  t.equal(fault({ value: '1' }), undefined)
  t.match(fault({ value: 1 }), /^type/)
  t.match(fault({ value: '1', measurand: 'Luck' }), /^property/)
  t.match(fault({}), /^occurrence/)
})
