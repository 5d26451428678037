import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { prepare } from './charging-databases.ts'
import { stationId } from './charging-messages.ts'
import type { Where } from './charging-one.ts'
import { type OwnServer, startFleetgrid } from './charging-servers.ts'
import { Station } from './charging-station.ts'
import type { Figure } from './charging-table.ts'
import { percentile } from './process-stats.ts'

// Two instances of one service: an operator asks one of them, one command after the other, for a
// charge point that is connected to the other; and, beside it, for one that is its own.

const COMMANDS = 300
const WARM_UP = 50
/** The station is called before its answer is stored and told. */
const COMMAND = { kind: 'clear-cache', parameters: {} }
const ACTION = 'ClearCache'
const OUTCOME_WITHIN_SECONDS = 30

interface Latencies {
  /** From the request's first byte until the station has the call, in milliseconds. */
  readonly reached: Float64Array
  /** Until the response with the outcome. */
  readonly ended: Float64Array
}

/** @param where with PostgreSQL, which the instances share */
export async function measureCommands({ folder, postgres }: Where): Promise<Figure[]> {
  const { options } = await prepare(folder, { stations: 2, tokens: 0 }, postgres)
  const start = async (): Promise<OwnServer> => {
    const DATA_DIR = await mkdtemp(join(folder, 'instance-'))
    return startFleetgrid({ ...options, env: { ...options.env, DATA_DIR } })
  }
  const [asked, other] = [await start(), await start()]
  const stations = { own: new Station(stationId(0)), other: new Station(stationId(1)) }
  try {
    await stations.own.boot({ port: asked.port, deflate: false })
    await stations.other.boot({ port: other.port, deflate: false })
    const token = await asked.token('operator')
    const commands = (station: Station, count: number) => run(asked.http, token, station, count)
    for (const station of Object.values(stations)) await commands(station, WARM_UP)
    const across = await commands(stations.other, COMMANDS)
    const within = await commands(stations.own, COMMANDS)
    return [
      ...tell('a command for a station of another instance', across),
      ...tell('a command for a station of the same instance', within),
    ]
  } finally {
    for (const station of Object.values(stations)) station.drop()
    await Promise.all([asked.stop(), other.stop()])
  }
}

async function run(
  http: string,
  token: string,
  station: Station,
  count: number,
): Promise<Latencies> {
  const latencies = { reached: new Float64Array(count), ended: new Float64Array(count) }
  const url = `${http}/charge-points/${station.id}/commands?wait=${OUTCOME_WITHIN_SECONDS}`
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  for (let at = 0; at < count; at += 1) {
    let reachedAt = Number.NaN
    station.onCall = (action) => {
      if (action === ACTION) reachedAt = performance.now()
    }
    const askedAt = performance.now()
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(COMMAND) })
    const command = (await response.json()) as { readonly state?: string }
    if (command.state !== 'accepted') throw new Error(`a command ended: ${JSON.stringify(command)}`)
    latencies.ended[at] = performance.now() - askedAt
    latencies.reached[at] = reachedAt - askedAt
  }
  latencies.reached.sort()
  latencies.ended.sort()
  return latencies
}

function tell(what: string, { reached, ended }: Latencies): Figure[] {
  const figure = (work: string, of: Float64Array, fraction: number): Figure => {
    return { work, digits: 1, bare: undefined, fleetgrid: percentile(of, fraction) }
  }
  return [
    figure(`${what}: p50 ms until the station has it`, reached, 0.5),
    figure('– p99 ms', reached, 0.99),
    figure('– p50 ms until its outcome is answered', ended, 0.5),
    figure('– p99 ms', ended, 0.99),
  ]
}
