import t from 'tap'
import { createCounts } from '../../../simulators/vehicles/counts.ts'
import { Fleet, type Link } from '../../../simulators/vehicles/fleet.ts'
import { createIdentity } from '../../../simulators/vehicles/identity.ts'
import type { Outgoing } from '../../../simulators/vehicles/messages.ts'
import { loadRouteCatalog } from '../../../simulators/vehicles/route-catalog.ts'
import { Vehicle } from '../../../simulators/vehicles/vehicle.ts'

const TICK_MS = 1000

/** A connection whose acknowledgements the test gives itself. */
class FakeLink implements Link {
  isOnline = true
  room = true
  readonly sent: Outgoing[] = []
  readonly settles: ((acknowledged: boolean) => void)[] = []

  hasRoom(): boolean {
    return this.room
  }

  send(_channel: unknown, message: Outgoing, settle?: (acknowledged: boolean) => void): void {
    this.sent.push(message)
    if (settle !== undefined) this.settles.push(settle)
  }

  /** Until nothing more comes of it. */
  answerAll(acknowledged = true): void {
    for (const settle of this.settles.splice(0)) settle(acknowledged)
    if (acknowledged && this.settles.length > 0) this.answerAll()
  }

  countCardata(): number {
    return this.sent.filter(({ kind }) => kind === 'cardata').length
  }
}

function setUp(vehicles: number) {
  const catalog = loadRouteCatalog()
  const link = new FakeLink()
  const counts = createCounts()
  let nowMs = 1_767_323_045_000
  const firstRoute = catalog.routes[3]
  if (firstRoute === undefined) throw new Error('no route')
  const fleet = new Fleet({
    vehicles: Array.from({ length: vehicles }, (_, index) => {
      const identity = createIdentity('fleet', index)
      const options = { identity, seed: 'fleet', catalog, firstRoute, startOffsetM: 0, speedup: 1 }
      return { vehicle: new Vehicle(options), link }
    }),
    tickMs: TICK_MS,
    clock: { wallMs: () => nowMs, steadyMs: () => nowMs },
    counts,
  })
  const pass = (ms: number) => {
    nowMs += ms
    fleet.advance()
  }
  return { fleet, link, counts, pass }
}

t.test('no vehicle drives before its provisioning is acknowledged, step by step', async (t) => {
  const { fleet, link, pass } = setUp(3)
  pass(TICK_MS)
  pass(TICK_MS)
  t.same(
    link.sent.map(({ kind }) => kind),
    ['group', 'group', 'group'],
    'one step at a time, and only once',
  )
  link.answerAll()
  t.equal(fleet.driving, 3)
  t.equal(link.countCardata(), 0)
  pass(TICK_MS)
  t.equal(link.countCardata(), 3)
})

t.test('a provisioning step that failed is sent again', async (t) => {
  const { fleet, link, pass } = setUp(1)
  pass(10)
  link.answerAll(false)
  t.equal(fleet.driving, 0)
  pass(10)
  t.equal(link.sent.length, 2)
  t.equal(link.sent[0]?.topic, link.sent[1]?.topic)
})

t.test('nothing is told while there was never a connection', async (t) => {
  const { link, pass } = setUp(2)
  link.isOnline = false
  pass(5 * TICK_MS)
  t.equal(link.sent.length, 0)
})

t.test('each vehicle reports once in an interval, spread over it', async (t) => {
  const { link, pass } = setUp(10)
  pass(1)
  link.answerAll()
  pass(TICK_MS)
  const before = link.countCardata()
  pass(TICK_MS / 2)
  t.equal(link.countCardata() - before, 5)
  pass(TICK_MS / 2)
  t.equal(link.countCardata() - before, 10)
})

t.test('a slow broker costs reports, which are counted', async (t) => {
  const { link, counts, pass } = setUp(4)
  pass(1)
  link.answerAll()
  pass(TICK_MS)
  const before = link.countCardata()
  link.room = false
  pass(TICK_MS)
  t.equal(link.countCardata(), before)
  t.equal(counts.skippedTicks, 4)
})

t.test('after a stall the rhythm goes on, missed reports are counted', async (t) => {
  const { link, counts, pass } = setUp(4)
  pass(1)
  link.answerAll()
  pass(TICK_MS)
  const before = link.countCardata()
  pass(10 * TICK_MS)
  const reports = link.countCardata() - before
  t.ok(reports >= 1 && reports <= 8, `${reports} reports after the stall`)
  t.equal(reports + counts.skippedTicks, 40)
})
