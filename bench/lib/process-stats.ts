import { readFileSync } from 'node:fs'

/** User and system CPU seconds of a process since it started; Linux only. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid)
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export function parentOf(pid: number): number {
  return Number(statOf(pid)[1])
}

/** From the state on: what is before it has a name, which may hold anything. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Peak resident memory in MB. */
export function peakMemoryMb(pid: number): number {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(peak?.[1] ?? 0) / 1000
}

/** Of the clock that all processes of a machine share and nobody sets (CLOCK_MONOTONIC). */
export function microseconds(): number {
  return Number(process.hrtime.bigint()) / 1000
}

export function percentile(sorted: Float64Array, fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0
}
