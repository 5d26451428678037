// What the charge points of a benchmark are called and say: OCPP 1.6J, as text of frames.

/** Time of the first message; each has its own, or it would be known already. */
const T = Date.parse('2026-11-01T00:00:00Z')

/** Not in the order of their numbers: neighbours would share pages of an index. */
export function stationId(n: number): string {
  return `CP-${String((n * 61_687) % 1_000_003).padStart(7, '0')}`
}

/** 16 to 20 bytes (OCPP security whitepaper §2.3). */
export function stationKey(id: string): string {
  return `key-of-${id}`
}

export function tokenUid(n: number): string {
  return `TOKEN${String((n * 61_687) % 1_000_003).padStart(7, '0')}`
}

export const BOOT = call('BootNotification', {
  chargePointVendor: 'Bench',
  chargePointModel: 'One',
  chargePointSerialNumber: '0123456789',
  firmwareVersion: '1.0.0',
})

export const STATUS = call('StatusNotification', {
  connectorId: 1,
  errorCode: 'NoError',
  status: 'Available',
  timestamp: timeOf(0),
})

export const HEARTBEAT = call('Heartbeat', {})

export function authorize(idTag: string): string {
  return call('Authorize', { idTag })
}

export function startTransaction(idTag: string, n: number): string {
  return call('StartTransaction', { connectorId: 1, idTag, meterStart: n, timestamp: timeOf(n) })
}

export function stopTransaction(idTag: string, transactionId: number, n: number): string {
  return call('StopTransaction', {
    ...{ transactionId, idTag, meterStop: n + 5, timestamp: timeOf(n), reason: 'Local' },
  })
}

/** Four samples, about 450 bytes. */
export function meterValues(transactionId: number, n: number): string {
  const sample = (measurand: string, unit: string, value: string) => ({ value, measurand, unit })
  const sampledValue = [
    sample('Energy.Active.Import.Register', 'Wh', String(n)),
    sample('Power.Active.Import', 'W', String(11_000 + (n % 100))),
    sample('Current.Import', 'A', '16.0'),
    sample('Voltage', 'V', '230.1'),
  ]
  const meterValue = [{ timestamp: timeOf(n), sampledValue }]
  return call('MeterValues', { connectorId: 1, transactionId, meterValue })
}

/** One at a time, so all may have the same id. */
function call(action: string, payload: object): string {
  return JSON.stringify([2, 'call-0001', action, payload])
}

function timeOf(n: number): string {
  return new Date(T + n).toISOString()
}
