import Fastify from 'fastify'
import t from 'tap'
import {
  type ChargePointRoutesOptions,
  chargePointRoutes,
} from '../../src/charging/routes/charge-point-routes.ts'
import { commandRoutes } from '../../src/charging/routes/command-routes.ts'
import { ChargePointItem, CommandItem, ConnectorItem } from '../../src/charging/routes/schemas.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import { Problem } from '../../src/http/schemas.ts'

// Routes, and somebody else who does something in between.

const AWAY = new FleetgridError('unavailable', 'the database is away')

function createApp() {
  const ajv = { customOptions: { discriminator: true } }
  const app = Fastify({ ajv })
  for (const schema of [Problem, ChargePointItem, ConnectorItem, CommandItem]) app.addSchema(schema)
  return app
}

t.test('a charge point that is removed while it is changed is there afterwards', async (t) => {
  const app = createApp()
  const calls: string[] = []
  const settings = { registration: 'accepted', securityProfileMin: 0, leniency: [] }
  const chargePoints = {
    find: async () => ({ id: 'A', ...settings, createdAt: 0 }),
    create: async () => calls.push('create') > 2,
    async change() {
      calls.push('change')
      return false
    },
  }
  const told: string[] = []
  const options = {
    ...{ chargePoints, records: {}, keys: {} },
    onTurnedAway: (id: string) => told.push(`turned away ${id}`),
    onChanged: (id: string) => told.push(`changed ${id}`),
  } as unknown as ChargePointRoutesOptions
  await app.register(chargePointRoutes, options)
  const put = (payload: object) => app.inject({ method: 'PUT', url: '/charge-points/A', payload })
  t.equal((await put({ note: 'x' })).statusCode, 200)
  t.strictSame(calls, ['create', 'change', 'create'])
  t.strictSame(told, ['changed A'])
  t.equal((await put({ registration: 'rejected' })).statusCode, 200)
  t.strictSame(told, ['changed A', 'turned away A'])
})

t.test('who has asked for a command is not told to ask again because waiting failed', async (t) => {
  const app = createApp()
  const command = {
    ...{ id: '1', chargePointId: 'A', kind: 'clear-cache', parameters: {}, state: 'queued' },
    ...{ createdAt: 0, expiresAt: 1, attemptsLeft: 3 },
  }
  const commands = { request: async () => command, wait: () => Promise.reject(AWAY) } as never
  await app.register(commandRoutes, { commands, store: {} as never })
  const answer = await app.inject({
    ...{ method: 'POST', url: '/charge-points/A/commands?wait=5' },
    payload: { kind: 'clear-cache', parameters: {} },
  })
  t.equal(answer.statusCode, 202)
  t.match(answer.json(), { id: '1', state: 'queued' })
})

t.test('nobody waits for a caller who has gone', async (t) => {
  const app = createApp()
  const signals: AbortSignal[] = []
  const gone = Promise.withResolvers<void>()
  const wait = async (_id: string, _ms: number, signal: AbortSignal) => {
    signals.push(signal)
    signal.addEventListener('abort', () => gone.resolve())
    await gone.promise
    return undefined
  }
  await app.register(commandRoutes, { commands: { wait } as never, store: {} as never })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const caller = new AbortController()
  const asked = fetch(`${app.listeningOrigin}/commands/1?wait=60`, { signal: caller.signal })
  asked.catch(() => undefined)
  while (signals.length === 0) await new Promise(setImmediate)
  caller.abort()
  await t.rejects(asked)
  await gone.promise
  t.equal(signals[0]?.aborted, true)
})
