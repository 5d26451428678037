import type { MeterReading, TransactionStart } from '../../src/domain/charging-transaction.ts'

/** When it all begins. */
export const T = Date.parse('2026-11-01T00:00:00Z')

/** Of so many charge points. */
export function chargingLoad(stations: number) {
  // Not in the order of their ids: neighbours would share pages, which in a storm they don't.
  const stationOf = (n: number): string => `CP-${String((n * 61_687) % stations).padStart(6, '0')}`
  const startOf = (n: number): TransactionStart => {
    const place = { chargePointId: stationOf(n), evseId: 1, connectorId: 1 }
    return { ...place, tokenUid: tokenOf(n), at: T + n, meterStartWh: n }
  }
  return { stationOf, startOf }
}

export function tokenOf(n: number): string {
  return `TOKEN${String((n * 61_687) % 1_000_003).padStart(9, '0')}`
}

export function readingOf(at: number, n: number): MeterReading {
  const sample = (measurand: string, unit: string, value: number) => ({ value, measurand, unit })
  const samples = [
    sample('Energy.Active.Import.Register', 'Wh', n),
    sample('Power.Active.Import', 'W', 11_000 + (n % 100)),
    sample('Current.Import', 'A', 16),
    sample('Voltage', 'V', 230),
  ]
  return { at, samples }
}
