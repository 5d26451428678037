import type { BoundingBox } from '../../../../domain/bounding-box.ts'

// OpenSearch keeps a position as two 32-bit numbers, rounded down to 360/2^32 and 180/2^32 degrees
// (5 to 9 mm), and rounds a box inwards. Here each border is put on the grid first, so that a vehicle
// exactly on it is inside, as `contains` has it; what is less than one step outside is inside too.

const LONGITUDE_STEP = 360 / 2 ** 32
const LATITUDE_STEP = 180 / 2 ** 32

/** Positions of `field` inside the box. */
export function boxQuery(field: string, { west, south, east, north }: BoundingBox): object {
  return {
    geo_bounding_box: {
      [field]: {
        top_left: { lat: upper(north, LATITUDE_STEP, 90), lon: lower(west, LONGITUDE_STEP, 180) },
        bottom_right: {
          lat: lower(south, LATITUDE_STEP, 90),
          lon: upper(east, LONGITUDE_STEP, 180),
        },
      },
    },
  }
}

function lower(degrees: number, step: number, limit: number): number {
  // 180° and 90° themselves are kept as the last step below.
  return Math.min(Math.floor(degrees / step) * step, limit - step)
}

/** In the middle of the step: equal borders are refused, and the step is the same. */
function upper(degrees: number, step: number, limit: number): number {
  return lower(degrees, step, limit) + step / 2
}
