import { createRandom } from '../random.ts'

/** What a station is and never changes. Same seed and index, same station. */
export interface StationIdentity {
  /** OCPP: at most 48 characters, no colon. */
  readonly id: string
  readonly vendor: string
  readonly model: string
  readonly serialNumber: string
  readonly iccid: string
  readonly meterSerialNumber: string
  readonly isDc: boolean
  /** Of one EVSE. */
  readonly powerMaxW: number
  readonly voltageV: number
  /** On the car's side; 1 for DC. */
  readonly phases: 1 | 3
}

const MODELS = [
  { vendor: 'Voltaire', model: 'AC-22 Duo', isDc: false, powerMaxW: 22_080, phases: 3 },
  { vendor: 'Voltaire', model: 'AC-11', isDc: false, powerMaxW: 11_040, phases: 3 },
  { vendor: 'Kilowatt & Sons', model: 'Wall 7', isDc: false, powerMaxW: 7360, phases: 1 },
  { vendor: 'Nordlys Energi', model: 'DC-50', isDc: true, powerMaxW: 50_000, phases: 1 },
  { vendor: 'Nordlys Energi', model: 'DC-150', isDc: true, powerMaxW: 150_000, phases: 1 },
] as const

export const FIRST_FIRMWARE = '1.4.2'

/** Ids are `CP-0001`, `CP-0002`, …: as many digits as the largest needs, four at least. */
export function createIdentity(seed: string, prefix: string, index: number): StationIdentity {
  const random = createRandom(`${seed}/station/${index}`)
  const { vendor, model, isDc, powerMaxW, phases } = random.pick(MODELS)
  return {
    id: `${prefix}${String(index + 1).padStart(4, '0')}`,
    vendor,
    model,
    serialNumber: `SN${random.text('0123456789ABCDEF', 10)}`,
    iccid: `8949${random.text('0123456789', 15)}`,
    meterSerialNumber: `M${random.text('0123456789', 8)}`,
    isDc,
    powerMaxW,
    voltageV: isDc ? 400 : 230,
    phases,
  }
}
