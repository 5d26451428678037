import t from 'tap'
import { readMeterValues } from '../../../src/ocpp/v201/meter-value.ts'

const TIME = '2026-04-06T10:00:00Z'
const readValue = (value: number, multiplier?: number) => {
  const unitOfMeasure = { unit: 'Wh', ...(multiplier === undefined ? {} : { multiplier }) }
  return readMeterValues([{ timestamp: TIME, sampledValue: [{ value, unitOfMeasure }] }])[0]
    ?.samples[0]?.value
}

t.test('2.0.1 MeterValues: a multiplier moves the decimal point and nothing else', async (t) => {
  t.equal(readValue(12.3), 12.3)
  t.equal(readValue(12.3, 0), 12.3)
  t.equal(readValue(1.1, 3), 1100, 'not 1100.0000000000002')
  t.equal(readValue(123, -1), 12.3)
  t.equal(readValue(1e21, 2), 1e23)
  t.equal(readValue(1e-7, 7), 1)
  t.equal(readValue(5, 1000), 5, 'nobody measures that')
  t.equal(readValue(JSON.parse('1e999')), 'Infinity', 'no number of JSON, so a text')
  t.equal(readValue(JSON.parse('-1e999'), 3), '-Infinity')
})

t.test('2.0.1 MeterValues: TC_J_04 signed values come through as they are', async (t) => {
  const signedMeterValue = {
    signedMeterData: 'T0NNRnx7fQ==',
    signingMethod: 'ECDSAP256SHA256',
    encodingMethod: 'OCMF',
    publicKey: '',
  }
  const sampled = { value: 4, context: 'Transaction.End', phase: 'L1', location: 'Outlet' } as const
  t.match(
    readMeterValues([{ timestamp: TIME, sampledValue: [{ ...sampled, signedMeterValue }] }]),
    [{ at: Date.parse(TIME), samples: [{ ...sampled, signed: signedMeterValue }] }],
  )
  t.same(readMeterValues(undefined), [])
})
