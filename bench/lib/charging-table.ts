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

/** The figures that have a target, one line each. */
export function toVerdicts(part: string, figures: readonly Figure[]): Row[] {
  let of = ''
  return figures.flatMap((figure) => {
    const isDetail = figure.work.startsWith('– ')
    if (!isDetail) of = figure.work
    if (figure.target === undefined) return []
    const { 'bare ws': bare = '', Fleetgrid = '', target = '' } = toRow(figure)
    const work = isDetail ? `${of} ${figure.work}` : figure.work
    return [{ part, work, 'bare ws': bare, Fleetgrid, target, is: figure.isMet ? 'met' : 'MISSED' }]
  })
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
