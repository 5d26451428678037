import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { Wheel, WheelTimer } from '../../src/lib/wheel.ts'

const SEED = 20_260_822
const TICK_MS = 100

function createWheel(start = 1_000_000) {
  const clock = { time: start, now: () => clock.time }
  const wheel = new Wheel({ tickMs: TICK_MS, now: clock.now })
  const told: string[] = []
  const timer = (name: string) => new WheelTimer({ onDue: () => told.push(name) })
  const go = (ms: number) => {
    clock.time += ms
    wheel.turn()
  }
  return { clock, wheel, told, timer, go }
}

t.test('nobody is told early, or more than a tick late', async (t) => {
  const { clock, wheel, told, timer, go } = createWheel()
  wheel.set(timer('a'), clock.time + 250)
  go(249)
  t.strictSame(told, [])
  go(TICK_MS)
  t.strictSame(told, ['a'])
  go(1_000_000)
  t.strictSame(told, ['a'], 'once')
})

t.test('the last time given counts; cleared ones are not told', async (t) => {
  const { clock, wheel, told, timer, go } = createWheel()
  const [a, b] = [timer('a'), timer('b')]
  wheel.set(a, clock.time + 100)
  wheel.set(a, clock.time + 1000)
  wheel.set(b, clock.time + 100)
  wheel.clear(b)
  wheel.clear(b)
  go(500)
  t.strictSame(told, [])
  go(600)
  t.strictSame(told, ['a'])
})

t.test('times further off than one turn of the wheel, and in the past', async (t) => {
  const { clock, wheel, told, timer, go } = createWheel()
  wheel.set(timer('far'), clock.time + 500_000)
  wheel.set(timer('past'), clock.time - 5000)
  go(TICK_MS)
  t.strictSame(told, ['past'])
  for (let step = 0; step < 49; step += 1) go(10_000)
  t.strictSame(told, ['past'])
  go(10_000)
  t.strictSame(told, ['past', 'far'])
})

t.test('who is told may set and clear, itself and others', async (t) => {
  const { clock, wheel, told, timer, go } = createWheel()
  const other = timer('other')
  const again = new WheelTimer({
    onDue(now) {
      told.push('again')
      wheel.clear(other)
      wheel.set(again, now + 200)
    },
  })
  wheel.set(again, clock.time + 50)
  wheel.set(other, clock.time + 60)
  go(TICK_MS)
  t.strictSame(told, ['again'])
  go(2 * TICK_MS)
  go(TICK_MS)
  t.strictSame(told, ['again', 'again'])
})

t.test('a long stall', async (t) => {
  const { clock, wheel, told, timer, go } = createWheel()
  wheel.set(timer('a'), clock.time + 300)
  wheel.set(timer('b'), clock.time + 500_000)
  go(1e9)
  t.strictSame(told.sort(), ['a', 'b'])
})

t.test('after a stall, what has come meanwhile is read before anybody is told', async (t) => {
  const order: string[] = []
  const wheel = new Wheel({ tickMs: 10, now: () => performance.now() })
  t.after(() => wheel.stop())
  const server = createServer()
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => client.destroy())
  const [[socket]] = await Promise.all([once(server, 'connection'), once(client, 'connect')])
  t.after(() => socket.destroy())
  socket.on('data', () => order.push('read'))
  const told = new Promise<void>((resolve) => {
    const onDue = (): void => {
      order.push('told')
      resolve()
    }
    wheel.set(new WheelTimer({ onDue }), performance.now() + 20)
  })
  wheel.start()
  client.write('alive')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  await told
  t.strictSame(order, ['read', 'told'])
})

t.test(`as a list that is searched (seed ${SEED})`, async (t) => {
  const step = fc.record({
    timer: fc.nat(9),
    inMs: fc.integer({ min: -1000, max: 300_000 }),
    isClear: fc.boolean(),
    goMs: fc.integer({ min: 0, max: 150_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, wheel, told, timer, go } = createWheel()
      const timers = Array.from({ length: 10 }, (_, index) => timer(String(index)))
      const due = new Map<string, number>()
      for (const { timer: index, inMs, isClear, goMs } of steps) {
        const one = timers[index] as WheelTimer
        if (isClear) {
          wheel.clear(one)
          due.delete(String(index))
        } else {
          wheel.set(one, clock.time + inMs)
          due.set(String(index), clock.time + inMs)
        }
        told.length = 0
        go(goMs)
        for (const name of told) {
          if ((due.get(name) ?? Number.POSITIVE_INFINITY) > clock.time) return false
          due.delete(name)
        }
        // What is left is not due, or has been for less than a tick.
        if ([...due.values()].some((at) => at <= clock.time - 2 * TICK_MS && goMs > TICK_MS)) {
          return false
        }
      }
      return true
    }),
    { seed: SEED, numRuns: 500 },
  )
  t.pass()
})
