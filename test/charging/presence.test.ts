import t, { type Test } from 'tap'
import { createAdmissions } from '../../src/charging/admission.ts'
import { Presence, type PresenceOptions } from '../../src/charging/presence.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import { createCommandWorld, TestChannel } from '../helpers/command-world.ts'
import { until } from '../helpers/until.ts'

const AWAY = new FleetgridError('unavailable', 'the database is away')
const SETTINGS = { registration: 'accepted', securityProfileMin: 0, leniency: [] } as const

async function createWorld(t: Test) {
  const { stores, signals, clock } = await createCommandWorld(t)
  const { chargePoints } = stores
  function instance(name: string, overrides: Partial<PresenceOptions> = {}) {
    const channels = new Map<string, TestChannel>()
    const failures: string[] = []
    const told: unknown[] = []
    const presence = new Presence({
      ...{ chargePoints, signals, clock, instance: name, flushIntervalMs: 60_000 },
      connected: {
        get: (id) => channels.get(id),
        sessions: () => [...channels.values()].map(({ session }) => session),
      },
      onSettings: (id, { registration, leniency }) => told.push({ id, registration, leniency }),
      onTurnedAway: (id) => channels.get(id)?.close(),
      onFailure: (what) => failures.push(what),
      ...overrides,
    })
    presence.start()
    t.teardown(() => presence.stop())
    return {
      ...{ presence, failures, told },
      async connect(id: string) {
        await chargePoints.create(id, SETTINGS, undefined)
        const epoch = await chargePoints.connected(id, name, '1.6', clock.now())
        const session = { id, protocol: '1.6', epoch, registration: 'accepted' } as const
        const channel = new TestChannel({ ...session, lastSeenAt: clock.now() })
        channels.set(id, channel)
        return channel
      },
    }
  }
  return { chargePoints, clock, instance }
}

t.test('a charge point that has left while the database was away is noted later', async (t) => {
  const { chargePoints, instance } = await createWorld(t)
  let failures = 1
  const failing = new Proxy(chargePoints, {
    get(target, name) {
      const method = target[name as 'find'].bind(target)
      if (name !== 'disconnected') return method
      return (...of: [string]) => (failures-- > 0 ? Promise.reject(AWAY) : method(...of))
    },
  })
  const one = instance('one', { chargePoints: failing })
  const channel = await one.connect('A')
  one.presence.left(channel)
  await until(() => one.failures.length === 1)
  t.ok((await chargePoints.find('A'))?.connection)
  await one.presence.flush()
  t.equal((await chargePoints.find('A'))?.connection, undefined)
  t.equal(failures, -1, 'told once more')
  await one.presence.flush()
  t.equal(failures, -1, 'and then no more')
})

t.test('a handshake that came to nothing has ended what was there before', async (t) => {
  const { chargePoints, clock, instance } = await createWorld(t)
  const [one, two] = [instance('one'), instance('two')]
  const older = await one.connect('A')
  const admitted = async (name: string) => {
    const previous = (await chargePoints.find('A'))?.connection?.instance
    const epoch = await chargePoints.connected('A', name, '1.6', clock.now())
    return [{ session: { ...older.session, epoch } }, previous] as const
  }
  one.presence.left(...(await admitted('one')))
  t.equal(older.isOpen, false, 'else nobody would know that it is connected')
  const elsewhere = await one.connect('A')
  two.presence.left(...(await admitted('two')))
  await until(() => !elsewhere.isOpen)
  const newest = await one.connect('A')
  one.presence.left(older)
  t.equal(newest.isOpen, true)
  await until(
    async () => (await chargePoints.find('A'))?.connection?.epoch === newest.session.epoch,
  )
})

t.test('who has come back since is not noted as gone', async (t) => {
  const { chargePoints, instance } = await createWorld(t)
  let isAway = true
  const failing = new Proxy(chargePoints, {
    get(target, name) {
      const method = target[name as 'find'].bind(target)
      if (name !== 'disconnected') return method
      return (...of: [string]) => (isAway ? Promise.reject(AWAY) : method(...of))
    },
  })
  const one = instance('one', { chargePoints: failing })
  one.presence.left(await one.connect('A'))
  await until(() => one.failures.length === 1)
  isAway = false
  await one.connect('A')
  await one.presence.flush()
  t.ok((await chargePoints.find('A'))?.connection)
})

t.test('what an operator decides reaches the instance that has the connection', async (t) => {
  const { chargePoints, instance } = await createWorld(t)
  const [one, other] = [instance('one'), instance('other')]
  const channel = await other.connect('A')
  await chargePoints.change('A', { leniency: ['null-values'] })
  one.presence.changed('A')
  await until(() => other.told.length > 0 && one.told.length > 0)
  t.match(other.told, [{ id: 'A', registration: 'accepted', leniency: ['null-values'] }])
  // A handshake may be under way there.
  t.strictSame(one.told[0], other.told[0])
  t.ok(channel.isOpen)
  one.presence.turnAway('A')
  await until(() => !channel.isOpen)
})

t.test('flushes do not pile up', async (t) => {
  const { chargePoints, instance } = await createWorld(t)
  const gate = Promise.withResolvers<void>()
  let calls = 0
  const slow = new Proxy(chargePoints, {
    get(target, name) {
      const method = target[name as 'find'].bind(target)
      if (name !== 'seen') return method
      return () => {
        calls += 1
        return gate.promise
      }
    },
  })
  const one = instance('one', { chargePoints: slow })
  await one.connect('A')
  const flushes = [one.presence.flush(), one.presence.flush()]
  await until(() => calls === 1)
  gate.resolve()
  await Promise.all(flushes)
  t.equal(calls, 1)
})

t.test('a password that was sent counts from when it is used', async (t) => {
  const { chargePoints, clock } = await createWorld(t)
  const keys = {
    matches: (_id: string, key: Uint8Array, hash: string) => Buffer.from(key).toString() === hash,
  } as never
  const admissions = createAdmissions({
    ...{ chargePoints, keys, clock, instance: 'one', selfRegistration: undefined },
  })
  await chargePoints.create('A', { ...SETTINGS, securityProfileMin: 1 }, 'old')
  const admit = async (key: string) => {
    const credentials = { user: 'A', key: Buffer.from(key) }
    const admission = await admissions.admit('A', { protocol: '1.6', credentials, isTls: false })
    return 'refusal' in admission ? admission.refusal : 'admitted'
  }
  await chargePoints.change('A', { nextKeyHash: 'new' })
  t.equal(await admit('other'), 'wrong-key')
  t.equal(await admit('old'), 'admitted', 'it may not have taken it')
  t.equal(await admit('new'), 'admitted')
  t.equal(await admit('old'), 'wrong-key', 'it has')
  t.match(await chargePoints.find('A'), { keyHash: 'new', nextKeyHash: undefined })
})

t.test('nobody fulfils security profile 3 yet', async (t) => {
  const { chargePoints, clock } = await createWorld(t)
  const keys = { matches: () => true } as never
  const admissions = createAdmissions({
    ...{ chargePoints, keys, clock, instance: 'one', selfRegistration: undefined },
  })
  await chargePoints.create('A', { ...SETTINGS, securityProfileMin: 3 }, 'hash')
  const credentials = { user: 'A', key: Buffer.from('key') }
  const admission = await admissions.admit('A', { protocol: '1.6', credentials, isTls: true })
  t.strictSame(admission, { refusal: 'not-secure-enough' })
})
