import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { tileOf } from '../../../domain/geotile.ts'
import { isHidden, type VehicleStatus, viewVehicle } from '../../../domain/vehicle.ts'
import { stampOf, survives } from './views.ts'

/** What filters and facets ask of a vehicle besides its position; shared while nothing changes. */
export interface Facts {
  readonly make: string | undefined
  readonly model: string | undefined
  readonly modelYear: number | undefined
  readonly softwareVersions: readonly string[]
  readonly troubleCodes: readonly string[]
  readonly anomalies: readonly string[]
  /** Deleted, and nothing but newer telemetry would show it again. */
  readonly isHidden: boolean
}

const NO_FACTS: Facts = {
  make: undefined,
  model: undefined,
  modelYear: undefined,
  softwareVersions: [],
  troubleCodes: [],
  anomalies: [],
  isHidden: false,
}

/** Bits of `state`. */
export const SHOWN = 1
export const LOCATED = 2
/** Has trouble codes or anomalies: most vehicles have none, and facets needn't look at them. */
export const FLAGGED = 4

const CHANGES = 'SELECT number, vehicles, statuses FROM change WHERE number > ? ORDER BY number'
const LAST_CHANGE = 'SELECT coalesce(max(number), 0) FROM change'
const COLUMNS = `v.number, v.vin, v.telemetry_at, v.telemetry_id, v.position_at, v.position_id,
  v.longitude, v.latitude, v.deleted_at, v.deleted_id`
const SELECT_ALL = `
SELECT ${COLUMNS}, s.document FROM vehicle v LEFT JOIN status s ON s.number = v.number`
const SELECT_ONE = `SELECT ${COLUMNS}, NULL FROM vehicle v WHERE v.number = ?`
const SELECT_STATUS = 'SELECT document FROM status WHERE number = ?'

type Row = [
  number: number,
  vin: string,
  telemetryAt: number | null,
  telemetryId: string | null,
  positionAt: number | null,
  positionId: string | null,
  longitude: number | null,
  latitude: number | null,
  deletedAt: number | null,
  deletedId: string | null,
  status: string | null,
]

type Change = [number: number, vehicles: Uint8Array, statuses: Uint8Array]
type Statements = Record<'changes' | 'last' | 'all' | 'one' | 'status', StatementSync>

/**
 * The searchable part of every vehicle in columns, indexed by the vehicle's number, because a
 * scan over arrays is some fifty times faster than one over rows. Before each query `refresh`
 * fetches, in the query's own transaction, the rows that changed since: an answer is exactly as
 * fresh as the database. Costs some 400 bytes a vehicle.
 */
export class VehicleColumns {
  /** Numbers run from 1 to this; all arrays are at least one longer. */
  last = 0
  vins: string[] = ['']
  facts: Facts[] = [NO_FACTS]
  state = new Uint8Array(1024)
  longitude = new Float64Array(1024)
  latitude = new Float64Array(1024)
  /** Web-mercator tile at precision 29. */
  x = new Int32Array(1024)
  y = new Int32Array(1024)
  readonly #numbers = new Map<string, number>()
  /** More than one connection reads for these columns. */
  readonly #statements = new WeakMap<DatabaseSync, Statements>()
  #change = 0
  #byVin: number[] = []

  /** Must run in a read transaction that is not older than that of the refresh before. */
  refresh(db: DatabaseSync): void {
    const statements = this.#prepare(db)
    const changes = statements.changes.all(this.#change) as unknown as Change[]
    const [first] = changes
    if (this.#change === 0 || (first !== undefined && first[0] !== this.#change + 1)) {
      for (const row of statements.all.iterate() as unknown as Iterable<Row>) this.#store(row)
      this.#change = Number((statements.last.get() as unknown as [number])[0])
      return
    }
    const vehicles = new Set(changes.flatMap(([, numbers]) => [...readNumbers(numbers)]))
    const statuses = new Set(changes.flatMap(([, , numbers]) => [...readNumbers(numbers)]))
    for (const number of vehicles) {
      const row = statements.one.get(number) as unknown as Row
      if (statuses.has(number)) [row[10]] = statements.status.get(number) as unknown as [string]
      this.#store(row)
    }
    this.#change = changes.at(-1)?.[0] ?? this.#change
  }

  numberOf(vin: string): number | undefined {
    return this.#numbers.get(vin)
  }

  /** All numbers in order of VIN; sorted anew only for vehicles that came since. */
  inVinOrder(): readonly number[] {
    const known = this.#byVin.length
    if (known < this.last) {
      const order = this.#byVin
      for (let number = known + 1; number <= this.last; number += 1) order.push(number)
      order.sort((left, right) => ((this.vins[left] ?? '') < (this.vins[right] ?? '') ? -1 : 1))
    }
    return this.#byVin
  }

  #prepare(db: DatabaseSync): Statements {
    let statements = this.#statements.get(db)
    if (statements === undefined) {
      statements = {
        changes: db.prepare(CHANGES),
        last: db.prepare(LAST_CHANGE),
        all: db.prepare(SELECT_ALL),
        one: db.prepare(SELECT_ONE),
        status: db.prepare(SELECT_STATUS),
      }
      for (const statement of Object.values(statements)) statement.setReturnArrays(true)
      this.#statements.set(db, statements)
    }
    return statements
  }

  #store(row: Row): void {
    const [number, vin, telemetryAt, telemetryId, positionAt, positionId] = row
    const [, , , , , , longitude, latitude, deletedAt, deletedId, status] = row
    this.#makeRoom(number)
    this.vins[number] = vin
    this.#numbers.set(vin, number)
    if (status !== null) this.facts[number] = factsOf(JSON.parse(status) as VehicleStatus)
    const deleted = stampOf(deletedAt, deletedId)
    const facts = this.facts[number] ?? NO_FACTS
    const isShown = survives(stampOf(telemetryAt, telemetryId), deleted) || !facts.isHidden
    let state = isShown ? SHOWN : 0
    if (facts.troubleCodes.length + facts.anomalies.length > 0) state |= FLAGGED
    if (longitude !== null && latitude !== null) {
      if (survives(stampOf(positionAt, positionId), deleted)) state |= LOCATED
      this.longitude[number] = longitude
      this.latitude[number] = latitude
      const { x, y } = tileOf({ longitude, latitude })
      this.x[number] = x
      this.y[number] = y
    }
    this.state[number] = state
  }

  #makeRoom(number: number): void {
    this.last = Math.max(this.last, number)
    // Numbers have no gaps, but the rows of one refresh come in any order.
    while (this.vins.length <= number) {
      this.vins.push('')
      this.facts.push(NO_FACTS)
    }
    if (number < this.state.length) return
    const size = Math.max(number + 1, this.state.length * 2)
    this.state = enlarged(this.state, new Uint8Array(size))
    this.longitude = enlarged(this.longitude, new Float64Array(size))
    this.latitude = enlarged(this.latitude, new Float64Array(size))
    this.x = enlarged(this.x, new Int32Array(size))
    this.y = enlarged(this.y, new Int32Array(size))
  }
}

function enlarged<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from)
  return into
}

function factsOf(status: VehicleStatus): Facts {
  const { make, model, modelYear, devices, troubleCodes, anomalies } = viewVehicle(
    status,
    undefined,
    undefined,
  )
  return {
    make,
    model,
    modelYear,
    softwareVersions: devices.flatMap((device) => device.softwareversion ?? []),
    troubleCodes,
    anomalies,
    isHidden: isHidden(status, undefined),
  }
}

function readNumbers(blob: Uint8Array): Int32Array {
  return new Int32Array(blob.buffer, blob.byteOffset, blob.byteLength / 4)
}
