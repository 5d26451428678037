import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { tileOf } from '../src/domain/geotile.ts'
import { CITY } from './lib/fleet.ts'
import { report } from './lib/report.ts'

// What ADR 0004 compares: clusters by SQL over a table of positions, and over an R-tree.
// The way that was chosen is measured by bench/query.ts.

const VEHICLES = 100_000
const MOVES = 20_000
const db = new DatabaseSync(':memory:')
db.exec(`CREATE TABLE place (number INTEGER PRIMARY KEY, lon REAL, lat REAL, x INTEGER, y INTEGER);
CREATE VIRTUAL TABLE box USING rtree(number, west, east, south, north)`)
const insert = db.prepare('INSERT INTO place VALUES (?, ?, ?, ?, ?)')
const insertBox = db.prepare('INSERT INTO box VALUES (?, ?, ?, ?, ?)')

function somewhere(vehicle: number): { longitude: number; latitude: number } {
  const [width, height] = vehicle % 2 === 0 ? [0.4, 0.3] : [50, 25]
  return {
    longitude: CITY[0] + (Math.random() - 0.5) * width,
    latitude: CITY[1] + (Math.random() - 0.5) * height,
  }
}

db.exec('BEGIN')
for (let vehicle = 1; vehicle <= VEHICLES; vehicle += 1) {
  const place = somewhere(vehicle)
  const { longitude, latitude } = place
  const { x, y } = tileOf(place)
  insert.run(vehicle, longitude, latitude, x, y)
  insertBox.run(vehicle, longitude, longitude, latitude, latitude)
}
db.exec('COMMIT')

const scan = `SELECT x >> ? tx, y >> ? ty, count(*) FROM place
WHERE lon BETWEEN ? AND ? AND lat BETWEEN ? AND ? GROUP BY tx, ty`
const tree = `SELECT x >> ? tx, y >> ? ty, count(*) FROM box JOIN place USING (number)
WHERE east >= ? AND west <= ? AND north >= ? AND south <= ? GROUP BY tx, ty`
const world = [19, 19, -180, 180, -90, 90]
const city = [8, 8, CITY[0] - 0.05, CITY[0] + 0.05, CITY[1] - 0.03, CITY[1] + 0.03]

report('clusters of 100,000 positions by SQL, and the price of a move', [
  { what: 'world, scan', ms: median(scan, world) },
  { what: 'world, R-tree', ms: median(tree, world) },
  { what: 'city, scan', ms: median(scan, city) },
  { what: 'city, R-tree', ms: median(tree, city) },
  { what: 'R-tree update, µs a move', ms: moveMicroseconds() },
])

function median(sql: string, parameters: readonly SQLInputValue[]): number {
  const statement = db.prepare(sql)
  const times = Array.from({ length: 15 }, () => {
    const startedAt = performance.now()
    statement.all(...parameters)
    return performance.now() - startedAt
  })
  return times.sort((a, b) => a - b)[7] ?? 0
}

function moveMicroseconds(): number {
  const update = db.prepare(
    'UPDATE box SET west = ?, east = ?, south = ?, north = ? WHERE number = ?',
  )
  const startedAt = performance.now()
  db.exec('BEGIN')
  for (let vehicle = 1; vehicle <= MOVES; vehicle += 1) {
    const { longitude, latitude } = somewhere(vehicle)
    update.run(longitude, longitude, latitude, latitude, vehicle)
  }
  db.exec('COMMIT')
  return ((performance.now() - startedAt) * 1000) / MOVES
}
