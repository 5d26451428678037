import { createRandom, type Random } from '../random.ts'

/** Who a vehicle is: all that never changes while it drives. Same seed and index, same vehicle. */

export interface Ecu {
  /** Thing name, upper case as in the topic; the asset library writes it in lower case. */
  readonly deviceId: string
  readonly type: 'tcu' | 'gateway'
  readonly model: string
  readonly softwareVersion: string
}

export interface VehicleIdentity {
  /** 16 characters, as the original's sample vehicles have. */
  readonly vin: string
  readonly driverId: string
  /** Group attributes of the asset library's vehicle template. */
  readonly attributes: Readonly<Record<string, string | number>>
  /** The first one, the telematics unit, is the one that talks. */
  readonly ecus: readonly [Ecu, ...Ecu[]]
  readonly tankLitres: number
  readonly initialOdometerKm: number
  /** Where the oil settles on an easy road. */
  readonly oilBaseF: number
  /** 1 for a car of 7 l/100 km. */
  readonly thirst: number
  readonly cell: Readonly<{ lac: string; cid: string; mnc: string }>
}

/** The serial number in the VIN has five digits. */
export const MAX_VEHICLES = 50_000

const LETTERS = 'ABCDEFGHJKLMNPRSTUVWXYZ'
const DIGITS = '0123456789'
const CAPITALS_AND_DIGITS = `${LETTERS}${DIGITS}`
/** Tenth character: the model year, from 2009 on. */
const YEAR_CODES = '9ABCDEFGHJKLMNPRST'
const FIRST_YEAR = 2009

const MODELS: readonly (readonly [make: string, models: readonly string[]])[] = [
  ['AMZ', ['1', '2', '3', '4', '5']],
  ['DENSO', ['DN', 'DX']],
  ['KESTREL', ['Arc', 'Glide']],
  ['NORDLYS', ['N40', 'N60']],
]

export function createIdentity(seed: string, index: number): VehicleIdentity {
  const random = createRandom(`${seed}/identity/${index}`)
  const modelYear = FIRST_YEAR + random.integer(0, YEAR_CODES.length - 1)
  const vin = createVin(random, modelYear, index)
  const tcu = createEcu(random, 'tcu', modelYear)
  return {
    vin,
    driverId: `DRV-${random.text(CAPITALS_AND_DIGITS, 6)}`,
    attributes: createAttributes(random, modelYear),
    ecus: random.chance(0.5) ? [tcu, createEcu(random, 'gateway', modelYear)] : [tcu],
    tankLitres: random.integer(42, 72),
    initialOdometerKm: random.between(500, 140_000),
    oilBaseF: random.between(232, 262),
    thirst: random.between(0.75, 1.35),
    cell: {
      mnc: random.pick(['260', '410', '480']),
      lac: random.text(DIGITS, 5),
      cid: random.text(DIGITS, 8),
    },
  }
}

/** E.g. 5AZMJ59WXHD10002. */
function createVin(random: Random, modelYear: number, index: number): string {
  if (index >= MAX_VEHICLES) throw new RangeError(`at most ${MAX_VEHICLES} vehicles`)
  const model = random.text(LETTERS, 2) + random.text(DIGITS, 2) + random.text(LETTERS, 1)
  const year = YEAR_CODES.charAt(modelYear - FIRST_YEAR)
  return `5AZ${model}X${year}${random.text(LETTERS, 1)}${10_001 + index}`
}

function createEcu(random: Random, type: Ecu['type'], modelYear: number): Ecu {
  return {
    deviceId: `ECU-AWS-${modelYear}-${random.text(CAPITALS_AND_DIGITS, 10)}`,
    type,
    model: type === 'tcu' ? random.pick(['TCU-4G', 'TCU-5G']) : 'GW-2',
    softwareVersion: random.pick(['1.9', '2.1', '2.2', '2.3']),
  }
}

function createAttributes(random: Random, modelYear: number): VehicleIdentity['attributes'] {
  const [make, models] = random.pick(MODELS)
  const manual = random.chance(0.3)
  return {
    make,
    model: random.pick(models),
    modelYear,
    marketCode: 'NA',
    bodyType: random.pick(['Saloon', 'Estate', 'SUV', 'Coupe']),
    fuelType: random.pick(['Gas', 'Gas', 'Diesel', 'Hybrid_MHEV', 'Hybrid_PHEV']),
    transmissionType: manual ? 'Manual' : 'Auto',
    ...(manual
      ? { transmissionManualType: random.pick(['5-speed', '6-speed']) }
      : { transmissionAutoType: random.pick(['7-speed', '8-speed', '9-speed']) }),
    colorCode: String(random.integer(100, 399)),
    iviType: random.pick(['LoLine', 'HiLine', 'Premium']),
  }
}
