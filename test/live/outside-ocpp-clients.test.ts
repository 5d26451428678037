import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { CommandKind } from '../../src/charging/command-kinds.ts'
import { PARAMETERS } from '../../src/charging/command-parameters.ts'
import type { ActionTable } from '../../src/ocpp/action.ts'
import { actions16 } from '../../src/ocpp/v16/actions.ts'
import { actions201 } from '../../src/ocpp/v201/actions.ts'
import { installPython } from '../engines/python.ts'
import { type RunningFleetgrid, startFleetgrid } from '../helpers/fleetgrid.ts'
import { until } from '../helpers/until.ts'

// Charge points that others have written, in another language, and that check every message by
// schemas of their own: `ocpp` of The Mobility House (fixtures/outside-charge-point), over a real
// socket with Basic authentication and permessage-deflate.

const MAIN = join(import.meta.dirname, 'fixtures/outside-charge-point/main.py')
const ID = 'OUTSIDE 1'
const CARD = 'OUTSIDE-CARD'
/** 40 hexadecimal digits: 20 bytes that are no text. */
const KEY = '0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF'

type Protocol = 'ocpp1.6' | 'ocpp2.0.1'
type Request = readonly [kind: CommandKind, parameters: object]

/** Sent at their moments. */
const OF_SESSIONS: readonly CommandKind[] = ['start-charging', 'stop-charging', 'reset']

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const HEARTBEAT = { component: 'OCPPCommCtrlr', name: 'HeartbeatInterval' }
const FIRMWARE = { location: 'https://example.com/2.bin', retrieveAt: '2026-04-06T22:00:00Z' }

interface Version {
  readonly actions: ActionTable
  /** What it has no words for. */
  readonly lacks: readonly CommandKind[]
  /** Beside the examples of all kinds, some of which are for the other version. */
  readonly more: readonly Request[]
}

const VERSIONS: Readonly<Record<Protocol, Version>> = {
  'ocpp1.6': {
    actions: actions16,
    lacks: [
      'get-base-report',
      'get-report',
      'set-network-profile',
      'get-customer-information',
      'get-transaction-status',
    ],
    more: [
      ['update-firmware', { ...FIRMWARE, signingCertificate: PEM, signature: 'c2ln' }],
      ['trigger-message', { message: 'log-status' }],
    ],
  },
  'ocpp2.0.1': {
    actions: actions201,
    lacks: ['get-diagnostics', 'set-variables', 'get-variables'],
    more: [
      ['set-variables', { variables: [{ ...HEARTBEAT, value: '300' }] }],
      ['get-variables', { variables: [HEARTBEAT] }],
    ],
  },
}

interface OutsideReport {
  /** Actions, in the order in which they came. */
  readonly asked: readonly string[]
  /** What the library found wrong. */
  readonly faults: readonly string[]
}

/** Runs until `end`, which resolves to what it has seen. */
async function startOutsider(t: Test, { httpUrl }: RunningFleetgrid, protocol: Protocol) {
  const python = await installPython('ocpp')
  const key = Buffer.from(KEY, 'hex')
  const credentials = Buffer.concat([Buffer.from(`${ID}:`), key]).toString('base64')
  const child = spawn(python, [
    // No __pycache__ beside the sources.
    ...['-B', MAIN],
    ...['--url', `${httpUrl.replace('http', 'ws')}/ocpp`, '--id', ID, '--protocol', protocol],
    ...['--authorization', `Basic ${credentials}`, '--token', CARD],
  ])
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    text.out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text.err += chunk
  })
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return {
    /** Fails with what it said if it has ended. */
    check() {
      if (child.exitCode !== null) throw new Error(`It ended early: ${text.err}`)
    },
    async end(): Promise<OutsideReport> {
      child.kill('SIGTERM')
      const [code] = await closed
      if (code !== 0) throw new Error(`It ended with ${code}: ${text.err}`)
      return JSON.parse(text.out)
    },
  }
}

const PATH = `/charge-points/${encodeURIComponent(ID)}`

/** Resolves to the command as it has ended. */
async function command(service: RunningFleetgrid, kind: CommandKind, parameters: object) {
  const { body } = await service.send('POST', `${PATH}/commands?wait=20`, { kind, parameters })
  return body
}

/** The latest transaction, once there are so many and it is as wanted. */
function waitForTransaction(
  { get }: RunningFleetgrid,
  outsider: { check(): void },
  wanted: { readonly count: number; readonly isStopped: boolean },
): Promise<any> {
  const find = async () => {
    outsider.check()
    const { body } = await get(`/transactions?chargePointId=${encodeURIComponent(ID)}`)
    const [latest] = body.transactions
    const isStopped = latest?.stoppedAt !== undefined
    return body.transactions.length === wanted.count && isStopped === wanted.isStopped && latest
  }
  return until(find, { what: JSON.stringify(wanted) })
}

async function checkEveryCommand(t: Test, service: RunningFleetgrid, version: Version) {
  const kinds = Object.keys(PARAMETERS) as CommandKind[]
  const examples = kinds
    .filter((kind) => !OF_SESSIONS.includes(kind))
    .map((kind): Request => [kind, PARAMETERS[kind].examples[0]])
  for (const [kind, parameters] of examples) {
    const { state, reason = '' } = await command(service, kind, parameters)
    t.equal(state, version.lacks.includes(kind) ? 'failed' : 'accepted', `${kind} ${reason}`)
  }
  for (const [kind, parameters] of version.more) {
    t.match(await command(service, kind, parameters), { state: 'accepted' }, kind)
  }
}

/** Actions that we call. */
function listOutbound(actions: ActionTable): string[] {
  const outbound = Object.entries(actions).filter(([, { to }]) => to !== undefined)
  return outbound.map(([action]) => action)
}

for (const protocol of ['ocpp1.6', 'ocpp2.0.1'] as const) {
  t.test(`ocpp of The Mobility House, ${protocol}`, async (t) => {
    const service = await startFleetgrid(t)
    await service.send('PUT', `/id-tokens/${CARD}`, {})
    await service.send('PUT', PATH, { key: KEY, securityProfileMin: 1 })
    const outsider = await startOutsider(t, service, protocol)
    const version = VERSIONS[protocol]

    const local = await waitForTransaction(service, outsider, { count: 1, isStopped: true })
    t.match(local, { idToken: CARD, energyWh: 3000, stopReason: 'Local', evseId: 1 })
    const id = encodeURIComponent(local.id)
    const { body: readings } = await service.get(`/transaction/meter-values?id=${id}`)
    const values = readings.meterValues.flatMap(({ samples }: any) => samples)
    t.match(values.at(-1), { value: 4000, context: 'Transaction.End', unit: 'Wh' })
    t.match(await service.get(PATH), {
      body: { isConnected: true, vendor: 'Outside', protocol: protocol.slice('ocpp'.length) },
    })

    const start = await command(service, 'start-charging', { evseId: 1, tokenUid: CARD })
    t.match(start, { state: 'accepted', answer: { status: 'Accepted' } })
    const running = await waitForTransaction(service, outsider, { count: 2, isStopped: false })
    const stop = await command(service, 'stop-charging', { transactionId: running.id })
    t.match(stop, { state: 'accepted' })
    const remote = await waitForTransaction(service, outsider, { count: 2, isStopped: true })
    t.match(remote, { id: running.id, energyWh: 8000, stopReason: 'Remote' })

    await checkEveryCommand(t, service, version)
    const { bootedAt } = (await service.get(PATH)).body
    t.match(await command(service, 'reset', { how: 'immediate' }), { state: 'accepted' })
    const hasBooted = async () => (await service.get(PATH)).body.bootedAt > bootedAt
    await until(hasBooted, { what: 'a boot after the reset' })

    const { asked, faults } = await outsider.end()
    t.strictSame(faults, [], 'the library finds nothing wrong')
    t.equal(await service.metric(/^fleetgrid_ocpp_(faults|deviations)_total/), 0, 'nor do we')
    const never = listOutbound(version.actions).filter((action) => !asked.includes(action))
    t.strictSame(never, [], 'all that we call has been called')
  })
}
