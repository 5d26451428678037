// The asset library and its topics write VINs in lower case, telemetry and the API in upper case.
// Sample vehicles of the original have 16 characters, so ISO 3779's 17 is not asked for.
const VIN = /^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$/

export const VIN_PATTERN = VIN.source

/** The one spelling used inside Fleetgrid, or undefined if this can't be a vehicle's identity. */
export function normalizeVin(text: string): string | undefined {
  return VIN.test(text) ? text.toUpperCase() : undefined
}
