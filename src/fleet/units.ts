/** The original shows imperial units; callers may ask for metric ones. */
export type Units = 'imperial' | 'metric'

// The original's factors, rounded as it has them, so that both show the same numbers
// (reference §1.9).
const MILES_PER_KM = 0.621_371
const GALLONS_PER_L = 0.264
const GALLONS_PER_ML = 0.000_264
const ML_PER_L = 1000
const MS_PER_MINUTE = 60_000

/** From the wire's units to those a caller reads. */
export interface UnitSystem {
  /** km → miles or km; km/h → mph or km/h. */
  readonly distance: (km: number) => number
  /** Litres → US gallons or litres. */
  readonly volume: (litres: number) => number
  /** Millilitres → US gallons or litres. */
  readonly smallVolume: (millilitres: number) => number
  /** °F → °F or °C. */
  readonly temperature: (fahrenheit: number) => number
}

export const UNIT_SYSTEMS: Readonly<Record<Units, UnitSystem>> = {
  imperial: {
    distance: (km) => km * MILES_PER_KM,
    volume: (litres) => litres * GALLONS_PER_L,
    smallVolume: (millilitres) => millilitres * GALLONS_PER_ML,
    temperature: (fahrenheit) => fahrenheit,
  },
  metric: {
    distance: (km) => km,
    volume: (litres) => litres,
    smallVolume: (millilitres) => millilitres / ML_PER_L,
    temperature: (fahrenheit) => ((fahrenheit - 32) * 5) / 9,
  },
}

export function minutes(milliseconds: number): number {
  return milliseconds / MS_PER_MINUTE
}

/** Miles per gallon; 0 where nothing was burnt, as the original has it. */
export function milesPerGallon(miles: number, gallons: number): number {
  return gallons === 0 ? 0 : miles / gallons
}

/** 0 where nothing was driven. */
export function litersPer100Km(km: number, litres: number): number {
  return km === 0 ? 0 : (litres / km) * 100
}

export function roundTo2(value: number): number {
  return Math.round(value * 100) / 100
}
