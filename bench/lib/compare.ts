export type Row = Readonly<Record<string, string | number>>

/** Prints the ratios of a column between the rows that match one and the other, and their median. */
export function compare(
  rows: readonly Row[],
  column: string,
  one: Row,
  other: Row,
  target: string,
): void {
  const figures = (wanted: Row): number[] =>
    rows
      .filter((row) => Object.entries(wanted).every(([key, value]) => row[key] === value))
      .map((row) => Number(row[column]))
  const others = figures(other)
  const ratios = figures(one).map((figure, at) => figure / (others[at] ?? Number.NaN))
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)]
  if (median === undefined || others.length === 0) return
  const name = (row: Row): string => Object.values(row).join(', ')
  const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ')
  console.log(
    `${column}: ${name(one)} / ${name(other)}: ${each}, median ${median.toFixed(2)} (target ${target})`,
  )
}
