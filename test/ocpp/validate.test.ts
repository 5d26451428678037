import t from 'tap'
import { createValidators } from '../../src/ocpp/validate.ts'

const v16 = createValidators('1.6')
const v201 = createValidators('2.0.1')

const status = (change: object = {}) => ({
  connectorId: 1,
  errorCode: 'NoError',
  status: 'Available',
  ...change,
})

t.test('each violation is the code of its kind', async (t) => {
  const cases: [payload: object, fault: string][] = [
    [{ connectorId: 1, errorCode: 'NoError' }, 'occurrence'],
    [status({ connectorId: '1' }), 'type'],
    [status({ connectorId: 1.5 }), 'type'],
    [status({ status: 'Idle' }), 'property'],
    [status({ info: 'x'.repeat(101) }), 'property'],
    [status({ timestamp: 'yesterday' }), 'property'],
    [status({ timestamp: '2024-05-01T12:00:00' }), 'property'],
    [status({ timestamp: '2024-13-01T12:00:00Z' }), 'property'],
    [status({ more: 1 }), 'syntax'],
    [status({ info: null }), 'type'],
  ]
  t.equal(v16.check('Request', 'StatusNotification', status()).error, undefined)
  for (const [payload, fault] of cases) {
    const { error } = v16.check('Request', 'StatusNotification', payload)
    t.equal(error?.fault, fault, JSON.stringify(payload))
    t.ok(error?.description)
  }
})

t.test('timestamps in all forms that RFC 3339 has', async (t) => {
  for (const timestamp of [
    '2024-05-01T12:00:00Z',
    '2024-05-01T12:00:00.123Z',
    '2024-05-01T12:00:00.123456+02:00',
    '2024-05-01t12:00:00z',
  ]) {
    const { error } = v16.check('Request', 'StatusNotification', status({ timestamp }))
    t.equal(error, undefined, timestamp)
  }
})

t.test('traps of the schemas of 1.6', async (t) => {
  const sampled = (unit: string) => ({
    connectorId: 1,
    meterValue: [{ timestamp: '2024-05-01T12:00:00Z', sampledValue: [{ value: '21', unit }] }],
  })
  for (const unit of ['Celsius', 'Celcius']) {
    t.equal(v16.check('Request', 'MeterValues', sampled(unit)).error, undefined, unit)
  }
  t.equal(v16.check('Request', 'MeterValues', sampled('Kelvins')).error?.fault, 'property')
  const profile = (limit: number) => ({
    connectorId: 1,
    csChargingProfiles: {
      chargingProfileId: 1,
      stackLevel: 0,
      chargingProfilePurpose: 'TxDefaultProfile',
      chargingProfileKind: 'Absolute',
      chargingSchedule: {
        chargingRateUnit: 'A',
        chargingSchedulePeriod: [{ startPeriod: 0, limit }],
      },
    },
  })
  for (const limit of [21.4, 16, 0.1, 0.3, 32.7]) {
    t.equal(v16.check('Request', 'SetChargingProfile', profile(limit)).error, undefined, `${limit}`)
  }
  t.equal(v16.check('Request', 'SetChargingProfile', profile(4.11)).error?.fault, 'property')
  const stop = { transactionId: 1, meterStop: 1, timestamp: '2024-05-01T12:00:00Z' }
  t.equal(v16.check('Request', 'StopTransaction', stop).error, undefined, 'without a reason')
})

t.test('both versions know their actions', async (t) => {
  t.ok(v16.has('StartTransaction'))
  t.notOk(v16.has('TransactionEvent'))
  t.ok(v201.has('TransactionEvent'))
  t.notOk(v201.has('StartTransaction'))
  for (const name of ['constructor', '__proto__', 'toString', '']) t.notOk(v16.has(name), name)
  t.throws(() => v16.check('Request', 'constructor', {}))
})

t.test('vendors may say more in 2.0.1, where it is customary', async (t) => {
  const heartbeat = { customData: { vendorId: 'V', more: [1] } }
  t.equal(v201.check('Request', 'Heartbeat', heartbeat).error, undefined)
  t.equal(v201.check('Request', 'Heartbeat', { more: 1 }).error?.fault, 'syntax')
})

t.test('a deviation is overlooked only where it is allowed, and always named', async (t) => {
  const cases: [deviation: string, change: object, after: object][] = [
    ['extra-properties', { more: 1 }, {}],
    ['long-strings', { info: 'x'.repeat(160) }, { info: 'x'.repeat(160) }],
    ['unknown-enum-values', { errorCode: 'Fan' }, { errorCode: 'Fan' }],
    [
      'timestamps-without-zone',
      { timestamp: '2024-05-01T12:00:00' },
      { timestamp: '2024-05-01T12:00:00Z' },
    ],
    ['null-values', { info: null }, {}],
  ]
  for (const [deviation, change, after] of cases) {
    const check = (leniency: readonly string[]) => {
      const payload = status(change)
      return { payload, ...v16.check('Request', 'StatusNotification', payload, leniency) }
    }
    t.ok(check([]).error, deviation)
    const others = cases.map(([name]) => name).filter((name) => name !== deviation)
    t.ok(check(others).error, `${deviation}, while others are allowed`)
    const allowed = check([deviation])
    t.equal(allowed.error, undefined, deviation)
    t.strictSame(allowed.payload, status(after), deviation)
    t.match(allowed, { overlooked: [{ deviation, path: String }] })
  }
})

t.test('several deviations at once, deep inside', async (t) => {
  const payload = {
    connectorId: 1,
    transactionId: null,
    meterValue: [
      { timestamp: '2024-05-01T12:00:00.5', sampledValue: [{ value: '1', phase: null, x: 1 }] },
    ],
  }
  const leniency = ['extra-properties', 'timestamps-without-zone', 'null-values']
  const result = v16.check('Request', 'MeterValues', payload, leniency)
  t.equal(result.error, undefined)
  t.strictSame(payload as object, {
    connectorId: 1,
    meterValue: [{ timestamp: '2024-05-01T12:00:00.5Z', sampledValue: [{ value: '1' }] }],
  })
  t.equal('overlooked' in result ? result.overlooked.length : 0, 4)
})

t.test('leniency doesn’t make up what is missing', async (t) => {
  const every = ['extra-properties', 'long-strings', 'unknown-enum-values', 'null-values']
  const { error } = v16.check('Request', 'StatusNotification', status({ status: null }), every)
  t.equal(error?.fault, 'occurrence', 'what must be there can’t be null')
  const inList = { connectorId: 1, meterValue: [null] }
  t.equal(v16.check('Request', 'MeterValues', inList, every).error?.fault, 'type')
})
