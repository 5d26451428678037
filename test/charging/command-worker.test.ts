import t from 'tap'
import { createCommandUpkeep } from '../../src/charging/command-upkeep.ts'
import type { ExecutionResult } from '../../src/charging/session.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import type { ChargingCommands } from '../../src/ports/charging-commands.ts'
import { createCommandWorld, type TestChannel } from '../helpers/command-world.ts'
import { until } from '../helpers/until.ts'

const AWAY = new FleetgridError('unavailable', 'the database is away')

/** The connection ends while a command is with the charge point. */
function loseOnce(channel: TestChannel): void {
  channel.answer = () => {
    channel.isOpen = false
    return { state: 'unknown', reason: 'the connection ended before the answer' }
  }
}

t.test('what may be sent twice is sent again when its answer is lost', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const first = await one.connect('A')
  loseOnce(first)
  const { id } = await one.ask('A', 'get-variables')
  await until(() => first.told.length === 1)
  const state = async () => (await one.commands.wait(id, 0))?.state
  await until(async () => (await state()) === 'queued')
  const second = await one.connect('A')
  t.match(await one.ended(id), { state: 'accepted', reason: undefined })
  t.strictSame(second.kinds, ['get-variables'])
})

t.test('what must not happen twice is unknown', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  loseOnce(await one.connect('A'))
  const { id } = await one.ask('A', 'reset')
  t.match(await one.ended(id), { state: 'unknown', reason: /connection ended/ })
  const second = await one.connect('A')
  const later = await one.ask('A', 'clear-cache')
  await one.ended(later.id)
  t.strictSame(second.kinds, ['clear-cache'])
  t.match(one.events, [{}, {}, { kind: 'ended', state: 'unknown' }])
})

t.test('an answer that could not be read is no reason to send it again', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const channel = await one.connect('A')
  channel.answer = () => ({ state: 'unknown', reason: 'no answer in time' })
  const { id } = await one.ask('A', 'get-variables')
  t.match(await one.ended(id), { state: 'unknown', reason: 'no answer in time' })
  t.equal(channel.told.length, 1)
})

t.test('who is pending gets what it may get once it has booted, the rest later', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const channel = await one.connect('A', { registration: 'pending' })
  const [start, report] = [
    await one.ask('A', 'start-charging', { idToken: 'X' }),
    await one.ask('A', 'get-base-report', { reportBase: 'FullInventory' }),
  ]
  one.worker.work('A')
  await until(async () => (await one.commands.wait(start.id, 0)) !== undefined)
  t.strictSame(channel.kinds, [], 'it has not booted')
  one.worker.booted('A')
  t.match(await one.ended(report.id), { state: 'accepted' })
  t.strictSame(channel.kinds, ['get-base-report'])
  channel.session.registration = 'accepted'
  one.worker.booted('A')
  t.match(await one.ended(start.id), { state: 'accepted' })
})

t.test('who is rejected may be asked to boot, in 2.0.1', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const newer = await one.connect('A', { registration: 'rejected' })
  const older = await one.connect('B', { registration: 'rejected', protocol: '1.6' })
  for (const id of ['A', 'B']) {
    await one.ask(id, 'get-variables')
    await one.ask(id, 'trigger-message', { message: 'boot' })
    one.worker.booted(id)
  }
  await until(() => newer.told.length === 1)
  t.strictSame(newer.kinds, ['trigger-message'])
  t.strictSame(older.kinds, [])
})

t.test('an outcome is stored when the database is back, after its effect', async (t) => {
  const world = await createCommandWorld(t)
  const steps: string[] = []
  let failures = 2
  const failing = (step: string) => {
    steps.push(step)
    if (failures-- > 0) throw AWAY
  }
  const { commands } = world.stores
  const one = world.instance('one', {
    commands: override(commands, {
      async end(claim, end) {
        failing('end')
        await commands.end(claim, end)
      },
    }),
    effects: {
      async apply() {
        failing('effect')
      },
    },
  })
  await one.connect('A')
  const { id } = await one.ask('A', 'clear-cache')
  t.match(await one.ended(id), { state: 'accepted' })
  t.strictSame(steps, ['effect', 'effect', 'effect', 'end'])
  failures = 1
  steps.length = 0
  const rejected = await one.ask('A', 'reset')
  t.match(await one.ended(rejected.id), { state: 'accepted' })
  t.match(one.events, [{}, {}, { kind: 'failed', what: 'storing an effect', error: AWAY }])
})

t.test('an effect that goes wrong for good does not hide the outcome', async (t) => {
  const world = await createCommandWorld(t)
  const effects = { apply: () => Promise.reject(new TypeError('a bug')) }
  const one = world.instance('one', { effects })
  await one.connect('A')
  const { id } = await one.ask('A', 'clear-cache')
  t.match(await one.ended(id), { state: 'accepted' })
  t.ok(one.events.some((event) => event.kind === 'failed' && event.what === 'an effect'))
})

t.test('a rejected command has no effect, one that is answered in parts has', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const channel = await one.connect('A')
  channel.answer = () => ({ state: 'rejected', answer: { status: 'Rejected' } })
  await one.ended((await one.ask('A', 'clear-cache')).id)
  t.strictSame(one.effects, [])
  const variables = [{ name: 'AuthorizationKey', value: '00'.repeat(16) }]
  await one.ended((await one.ask('A', 'set-variables', { variables })).id)
  t.match(one.effects, [{ kind: 'set-variables', parameters: { variables } }], 'its secrets open')
})

t.test('a password whose answer is lost may be in use', async (t) => {
  const world = await createCommandWorld(t)
  const one = world.instance('one')
  const channel = await one.connect('A')
  const expected = async () => (await world.stores.chargePoints.find('A'))?.nextKeyHash
  const variables = [{ name: 'AuthorizationKey', value: '00'.repeat(20) }]
  const seen: (string | undefined)[] = []
  channel.answer = async () => {
    seen.push(await expected())
    return { state: 'rejected', answer: { status: 'Rejected' } }
  }
  const rejected = await one.ask('A', 'set-variables', { variables })
  await one.ended(rejected.id)
  t.match(seen, [/^h1:/], 'before it is sent')
  t.equal(await expected(), undefined)
  channel.answer = () => ({ state: 'unknown', reason: 'no answer in time' })
  await one.ended((await one.ask('A', 'set-variables', { variables })).id)
  const unknown = await expected()
  t.match(unknown, /^h1:/)
  channel.answer = () => ({ state: 'rejected', answer: { status: 'Rejected' } })
  const another = [{ name: 'AuthorizationKey', value: '11'.repeat(20) }]
  await one.ended((await one.ask('A', 'set-variables', { variables: another })).id)
  t.equal(await expected(), unknown, 'that it does not want another says nothing of this one')
  await one.ended((await one.ask('A', 'set-variables', { variables })).id)
  t.equal(await expected(), undefined, 'it does not want this one')
})

t.test(
  'not sent, while its connection is about to end: not tried on it again and again',
  async (t) => {
    const one = (await createCommandWorld(t)).instance('one')
    const first = await one.connect('A')
    first.answer = () => ({ state: 'not-sent', reason: 'the connection is closed' })
    const { id } = await one.ask('A', 'clear-cache')
    await until(async () => {
      const { state, sentAt } = (await one.commands.wait(id, 0)) ?? {}
      return first.told.length > 0 && state === 'queued' && sentAt === undefined
    })
    // As many writes as a loop would need for several more.
    await one.connect('B')
    for (let count = 0; count < 10; count += 1)
      await one.ended((await one.ask('B', 'clear-cache')).id)
    const tried = first.told.length
    first.close()
    t.equal(tried, 1)
    await one.connect('A')
    t.match(await one.ended(id), { state: 'accepted' })
  },
)

t.test('not sent: put back, and the next connection gets it', async (t) => {
  const world = await createCommandWorld(t)
  const { commands } = world.stores
  let failures = 1
  const one = world.instance('one', {
    commands: override(commands, {
      async release(claim) {
        if (failures-- > 0) throw AWAY
        await commands.release(claim)
      },
    }),
  })
  const first = await one.connect('A')
  first.answer = () => {
    first.isOpen = false
    return { state: 'not-sent', reason: 'the connection is closed' }
  }
  const { id } = await one.ask('A', 'reset')
  await until(async () => failures < 0 && (await commands.find(id))?.state === 'queued')
  const second = await one.connect('A')
  t.match(await one.ended(id), { state: 'accepted' })
  t.strictSame(second.kinds, ['reset'])
})

t.test('a new connection ends what was sent on the old one, not what is sent on it', async (t) => {
  const world = await createCommandWorld(t)
  const [one, other] = [world.instance('one'), world.instance('other')]
  const first = await one.connect('A')
  const never = Promise.withResolvers<ExecutionResult>()
  first.answer = () => never.promise
  const reset = await one.ask('A', 'reset')
  await until(() => first.told.length === 1)
  const clear = await one.ask('A', 'clear-cache')
  const second = await other.connect('A')
  t.match(await one.ended(reset.id), { state: 'unknown' })
  t.match(await one.ended(clear.id), { state: 'accepted' })
  t.strictSame(second.kinds, ['clear-cache'])
  never.resolve({ state: 'accepted' })
  t.match(await one.commands.wait(reset.id, 0), { state: 'unknown' }, 'too late')
  await one.ask('A', 'get-variables')
  one.worker.work('A')
  other.worker.work('A')
  await until(() => second.told.length === 2)
  t.equal(first.told.length, 1, 'the old connection gets nothing more')
})

t.test('a signal that never came: what waits is found', async (t) => {
  const world = await createCommandWorld(t)
  const deaf = { ...world.signals, publish: () => Promise.reject(AWAY) }
  const one = world.instance('one', { signals: deaf })
  const other = world.instance('other')
  const channel = await other.connect('A')
  const { id } = await one.ask('A', 'clear-cache')
  const { commands } = world.stores
  const upkeep = createCommandUpkeep({
    ...{ commands, worker: other.worker, clock: world.clock },
    onFailure: (_what, error) => t.fail(`${error}`),
  })
  await upkeep.runOnce()
  await until(() => channel.told.length === 1)
  t.match(await other.ended(id), { state: 'accepted' })
})

t.test('upkeep: step by step over those that wait, and again from the beginning', async (t) => {
  const asked: string[] = []
  const page = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `CP-${String(from + n).padStart(5, '0')}`)
  const lost: number[] = []
  let isAway = false
  const commands = {
    expire: async () => [],
    endLost: async (sentBefore: number) => {
      lost.push(sentBefore)
      return []
    },
    listWaiting: async (afterId: string, limit: number) => {
      if (isAway) throw AWAY
      asked.push(afterId)
      const from = afterId === '' ? 0 : Number(afterId.slice(3)) + 1
      return page(from, Math.min(from + limit, 1500))
    },
  } as unknown as ChargingCommands
  const worked: string[] = []
  const failed: string[] = []
  const worker = { work: (id: string) => void worked.push(id), tellEnded: async () => {} }
  const upkeep = createCommandUpkeep({
    ...{ commands, worker, clock: { now: () => 1_000_000 } },
    onFailure: (what) => failed.push(what),
  })
  await upkeep.runOnce()
  await upkeep.runOnce()
  await upkeep.runOnce()
  t.strictSame(asked, ['', 'CP-00999', ''])
  t.equal(new Set(worked).size, 1500)
  t.strictSame(lost, [700_000, 700_000, 700_000])
  isAway = true
  await upkeep.runOnce()
  isAway = false
  await upkeep.runOnce()
  t.strictSame(failed, ['upkeep'])
  t.equal(lost.length, 4, 'whoever has an outcome to store comes first')
  await upkeep.runOnce()
  t.equal(lost.length, 5)
})

t.test('too much waits for one charge point', async (t) => {
  const world = await createCommandWorld(t)
  const commands = override(world.stores.commands, { countQueued: async (_id, max) => max })
  const one = world.instance('one', { commands })
  await world.stores.chargePoints.create('A', SETTINGS, undefined)
  await t.rejects(one.ask('A', 'reset'), { message: /1000 commands wait for A/ })
})

t.test('waiting ends when the caller is gone, and when the instance stops', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const channel = await one.connect('A')
  channel.answer = () => new Promise(() => {})
  const { id } = await one.ask('A', 'reset')
  const gone = new AbortController()
  const waiting = one.commands.wait(id, 60_000, gone.signal)
  gone.abort()
  t.match(await waiting, { id })
  t.match(await one.commands.wait(id, 60_000, AbortSignal.abort()), { id })
  const other = one.commands.wait(id, 60_000)
  one.commands.stop()
  t.match(await other, { id })
  t.equal(await one.commands.wait('nobody', 60_000), undefined)
})

t.test('so many wait at once; whoever comes then is answered at once', async (t) => {
  const world = await createCommandWorld(t)
  const one = world.instance('one')
  await world.stores.chargePoints.create('A', SETTINGS, undefined)
  const { id } = await one.ask('A', 'reset')
  const waiting = Array.from({ length: 5000 }, () => one.commands.wait(id, 60_000))
  t.match(await one.commands.wait(id, 60_000), { id, state: 'queued' })
  await one.commands.cancel(id)
  const answers = await Promise.all(waiting)
  t.ok(answers.every((command) => command?.state === 'cancelled'))
})

t.test('stopping: what has been answered is stored first', async (t) => {
  const world = await createCommandWorld(t)
  const { commands } = world.stores
  const storing = Promise.withResolvers<void>()
  const one = world.instance('one', {
    commands: override(commands, {
      async end(claim, end) {
        await storing.promise
        await commands.end(claim, end)
      },
    }),
  })
  const channel = await one.connect('A')
  const { id } = await one.ask('A', 'reset')
  await until(() => channel.told.length === 1)
  const stopped = one.stop()
  storing.resolve()
  await stopped
  t.match(await commands.find(id), { state: 'accepted' })
})

const SETTINGS = { registration: 'accepted', securityProfileMin: 0, leniency: [] } as const

/** The same store, but for these methods. */
function override(store: ChargingCommands, methods: Partial<ChargingCommands>): ChargingCommands {
  return new Proxy(store, {
    get(target, name) {
      const own = methods[name as keyof ChargingCommands]
      if (own !== undefined) return own
      const method = target[name as keyof ChargingCommands] as (...of: unknown[]) => unknown
      return method.bind(target)
    },
  })
}
