import { MAX_PRECISION } from '../../../domain/geotile.ts'
import type { Cluster } from '../../../ports/fleet-index.ts'
import type { VehicleColumns } from './columns.ts'

/** Clusters in columns: ten thousand objects would cost the main thread milliseconds to receive. */
export interface PackedClusters {
  readonly precision: number
  readonly x: Int32Array
  readonly y: Int32Array
  readonly count: Int32Array
  /** VIN of the only vehicle or nothing, with separators between. */
  readonly vins: string
}

/** In no VIN: `findFault` refuses it. */
const SEPARATOR = '\0'

/**
 * Groups the vehicles by tile. Whenever there are more tiles than allowed, those found so far
 * are merged one precision down and the rest is grouped there: a part of the vehicles never has
 * more tiles than all of them, so this ends at the highest precision that fits.
 */
export function groupByTile(
  columns: VehicleColumns,
  matches: readonly number[],
  precision: number,
  clustersMax: number,
): PackedClusters {
  let tiles = new TileTable(Math.min(precision, MAX_PRECISION), clustersMax)
  for (const number of matches) {
    tiles.add(columns.x[number] ?? 0, columns.y[number] ?? 0, 1, number)
    while (tiles.size > clustersMax && tiles.precision > 0) tiles = tiles.coarser()
  }
  return tiles.pack(columns)
}

export function unpackClusters(packed: PackedClusters): Cluster[] {
  const { precision, x, y, count } = packed
  const vins = packed.vins.split(SEPARATOR)
  const clusters: Cluster[] = []
  for (let index = 0; index < count.length; index += 1) {
    const column = x[index] ?? 0
    const row = y[index] ?? 0
    const vehicles = count[index] ?? 0
    const vin = vins[index] ?? ''
    clusters.push(
      vehicles === 1
        ? { precision, x: column, y: row, count: vehicles, vin }
        : { precision, x: column, y: row, count: vehicles },
    )
  }
  return clusters
}

/** Open addressing over typed arrays: a Map keyed by tile is several times slower. */
class TileTable {
  readonly precision: number
  readonly #clustersMax: number
  readonly #shift: number
  readonly #mask: number
  /** Slot → entry + 1, or 0. */
  readonly #slots: Int32Array
  readonly #x: Int32Array
  readonly #y: Int32Array
  readonly #count: Int32Array
  readonly #number: Int32Array
  size = 0

  constructor(precision: number, clustersMax: number) {
    this.precision = precision
    this.#clustersMax = clustersMax
    this.#shift = MAX_PRECISION - precision
    // One more than allowed is what tells that it is too many.
    const entries = Math.max(1, clustersMax) + 1
    const slots = 2 ** Math.ceil(Math.log2(entries * 2))
    this.#mask = slots - 1
    this.#slots = new Int32Array(slots)
    this.#x = new Int32Array(entries)
    this.#y = new Int32Array(entries)
    this.#count = new Int32Array(entries)
    this.#number = new Int32Array(entries)
  }

  /** x and y at precision 29. */
  add(fineX: number, fineY: number, count: number, number: number): void {
    const x = fineX >> this.#shift
    const y = fineY >> this.#shift
    let slot = (Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca6b)) >>> 0
    slot = (slot ^ (slot >>> 15)) & this.#mask
    let entry = this.#slots[slot] ?? 0
    while (entry !== 0 && (this.#x[entry - 1] !== x || this.#y[entry - 1] !== y)) {
      slot = (slot + 1) & this.#mask
      entry = this.#slots[slot] ?? 0
    }
    if (entry !== 0) {
      this.#count[entry - 1] = (this.#count[entry - 1] ?? 0) + count
      return
    }
    this.#x[this.size] = x
    this.#y[this.size] = y
    this.#count[this.size] = count
    this.#number[this.size] = number
    this.size += 1
    this.#slots[slot] = this.size
  }

  coarser(): TileTable {
    const table = new TileTable(this.precision - 1, this.#clustersMax)
    for (let entry = 0; entry < this.size; entry += 1) {
      const x = (this.#x[entry] ?? 0) << this.#shift
      const y = (this.#y[entry] ?? 0) << this.#shift
      table.add(x, y, this.#count[entry] ?? 0, this.#number[entry] ?? 0)
    }
    return table
  }

  pack(columns: VehicleColumns): PackedClusters {
    const vins: string[] = []
    for (let entry = 0; entry < this.size; entry += 1) {
      const isOnly = this.#count[entry] === 1
      vins.push(isOnly ? (columns.vins[this.#number[entry] ?? 0] ?? '') : '')
    }
    return {
      precision: this.precision,
      x: this.#x.slice(0, this.size),
      y: this.#y.slice(0, this.size),
      count: this.#count.slice(0, this.size),
      vins: vins.join(SEPARATOR),
    }
  }
}
