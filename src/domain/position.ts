import { isJsonObject, type Json } from './json.ts'

/** WGS 84, degrees. */
export interface Position {
  readonly longitude: number
  readonly latitude: number
}

export type PositionFault = 'missing' | 'not-a-number' | 'zero' | 'out-of-range'

/**
 * Reads `geolocation.{latitude,longitude}` and nothing else: any other key that contains
 * "latitude" is not the vehicle's position (defect 10 of the original).
 * (0,0) is what a receiver without a fix reports, not a place where vehicles drive.
 */
export function readPosition(geolocation: Json | undefined): Position | PositionFault {
  if (!isJsonObject(geolocation)) return 'missing'
  const { latitude, longitude } = geolocation
  if (latitude === undefined || longitude === undefined) return 'missing'
  if (latitude === null || longitude === null) return 'missing'
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return 'not-a-number'
  if (latitude === 0 && longitude === 0) return 'zero'
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return 'out-of-range'
  return { longitude, latitude }
}
