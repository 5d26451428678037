import type { Row } from './compare.ts'

/** One line for each figure: both servers, their ratio, and the target. */
export interface Figure {
  readonly work: string
  readonly bare: number | undefined
  readonly fleetgrid: number | undefined
  readonly digits?: number
  readonly target?: string
  readonly isMet?: boolean
}

export function toRow({ work, bare, fleetgrid, digits = 0, target, isMet }: Figure): Row {
  const show = (figure: number | undefined): string =>
    figure === undefined
      ? '–'
      : figure.toLocaleString('en', {
          minimumFractionDigits: digits,
          maximumFractionDigits: digits,
        })
  const isComparable = bare !== undefined && fleetgrid !== undefined && bare !== 0
  return {
    work,
    'bare ws': show(bare),
    Fleetgrid: show(fleetgrid),
    ratio: isComparable ? (fleetgrid / bare).toFixed(2) : '–',
    target: target ?? '',
    met: isMet === undefined ? '' : isMet ? 'yes' : 'no',
  }
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
