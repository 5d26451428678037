import t from 'tap'
import { PartitionRate } from '../../src/submissions/partition-rate.ts'

function setUp() {
  let now = 0
  const rate = new PartitionRate(() => now)
  /** A second in which so many records were taken and refused. */
  const second = (confirmed: number, throttled: number): number => {
    rate.report(confirmed, throttled)
    now += 1000
    rate.room()
    return rate.limit
  }
  return { rate, second, wait: (ms: number) => (now += ms) }
}

const NONE = Number.POSITIVE_INFINITY

t.test('without limit until the stream refuses more than bad luck would', async (t) => {
  const { rate, second } = setUp()
  t.equal(rate.room(), NONE)
  t.equal(second(1000, 0), NONE)
  t.equal(second(900, 100), NONE)
  t.equal(second(5, 10), NONE, 'too few to tell')
})

t.test('as fast as it took them, then slowly upwards, then forgotten', async (t) => {
  const { rate, second, wait } = setUp()
  t.equal(second(1000, 500), 1000)
  t.equal(second(1000, 0), 1200)
  t.ok(rate.room() <= 120, 'not all of a second at its beginning')
  wait(500)
  t.ok(rate.room() <= 720)
  rate.take(rate.room())
  t.equal(rate.room(), 0)
  t.ok(second(0, 0) < NONE)
  wait(30_000)
  t.equal(second(0, 0), NONE)
})

t.test('never so slow that nothing is learned', async (t) => {
  const { second } = setUp()
  t.equal(second(1, 500), 10)
})

t.test('a stream that is away says nothing about what it takes', async (t) => {
  const { second } = setUp()
  t.equal(second(0, 5000), NONE)
  t.equal(second(1000, 500), 1000)
  t.equal(second(0, 5000), 1000)
})
