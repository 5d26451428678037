import type { VehicleIdentity } from '../../../simulators/vehicles/identity.ts'
import type { Outgoing } from '../../../simulators/vehicles/messages.ts'

export const STAMP_MS = Date.parse('2026-01-02T03:04:05.678Z')
export const STAMP = '2026-01-02T03:04:05.678Z'
export const VIN = '5AZMJ59WXHD10002'

export const identity: VehicleIdentity = {
  vin: VIN,
  driverId: 'DRV-1',
  attributes: { make: 'AMZ', model: '2', modelYear: 2017 },
  ecus: [
    { deviceId: 'ECU-AWS-2017-AAA', type: 'tcu', model: 'TCU-4G', softwareVersion: '2.3' },
    { deviceId: 'ECU-AWS-2017-BBB', type: 'gateway', model: 'GW-2', softwareVersion: '1.9' },
  ],
  tankLitres: 60,
  initialOdometerKm: 1000,
  oilBaseF: 240,
  thirst: 1,
  cell: { mnc: '410', lac: '12345', cid: '12345678' },
}

export function open({ kind, topic, payload }: Outgoing) {
  return { kind, topic, body: JSON.parse(payload) }
}
