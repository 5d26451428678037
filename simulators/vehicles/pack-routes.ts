import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import polyline from '@mapbox/polyline'

// Made routes.json, once, out of the source's folder (see NOTICE):
//   node simulators/vehicles/pack-routes.ts <folder with the route files>
// Not carried over: the source's `km`. For all routes but one it was computed with latitude and
// longitude swapped and is up to 35 % off; distances follow from the geometry.

interface SourceRoute {
  readonly route_id?: string
  readonly name: string
  readonly profile?: string
  readonly triggers?: readonly { readonly type: string; readonly occurances: number }[]
  readonly stages: readonly { readonly start: SourcePoint; readonly end: SourcePoint }[]
}

/** Longitude, latitude; numbers, or texts that hold numbers. */
type SourcePoint = readonly [number | string, number | string]

/** The source has at most six decimals: nothing is lost. */
const PRECISION = 6

const folder = process.argv[2]
if (folder === undefined) {
  console.error('Usage: node simulators/vehicles/pack-routes.ts <folder with the route files>')
  process.exit(2)
}
const routes = readdirSync(folder)
  .filter((file) => file.endsWith('.json') && file !== 'manifest.json')
  .sort()
  .map((file) => packRoute(basename(file, '.json'), join(folder, file)))
const lines = routes.map((route) => `    ${JSON.stringify(route)}`).join(',\n')
const target = join(import.meta.dirname, 'routes.json')
writeFileSync(target, `{\n  "precision": ${PRECISION},\n  "routes": [\n${lines}\n  ]\n}\n`)
console.log(`${routes.length} routes written to routes.json`)

function packRoute(fileName: string, path: string) {
  const source = JSON.parse(readFileSync(path, 'utf8')) as SourceRoute
  const points: [number, number][] = []
  for (const { start, end } of source.stages) {
    addPoint(points, start)
    addPoint(points, end)
  }
  return {
    id: source.route_id ?? fileName,
    name: source.name,
    profile: source.profile ?? 'normal',
    triggers: (source.triggers ?? [])
      .filter(({ occurances }) => occurances > 0)
      .map(({ type, occurances }) => ({ type, occurrences: occurances })),
    polyline: polyline.encode(points, PRECISION),
  }
}

/** A stage begins where the one before ended: that point is kept once. */
function addPoint(points: [number, number][], [longitude, latitude]: SourcePoint): void {
  const point: [number, number] = [Number(latitude), Number(longitude)]
  if (!point.every(Number.isFinite)) throw new Error(`not a point: ${longitude}, ${latitude}`)
  const last = points.at(-1)
  if (last?.[0] === point[0] && last[1] === point[1]) return
  points.push(point)
}
