import { mock } from 'node:test'
import t from 'tap'
import { limitLines } from '../../src/lib/limited-lines.ts'

const INTERVAL_MS = 10_000

function record() {
  const lines: { text: string; count?: number; client?: number }[] = []
  const write = (about: object, text: string): void => void lines.push({ ...about, text })
  return { lines, say: limitLines(write), take: () => lines.splice(0) }
}

t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
t.afterEach(() => mock.timers.reset())

t.test('ten times the same are a line at once and one with the number of the rest', async (t) => {
  const { say, take } = record()
  for (let client = 1; client <= 10; client += 1) say('ECONNREFUSED', { client }, 'failed')
  t.same(take(), [{ client: 1, text: 'failed' }])
  mock.timers.tick(INTERVAL_MS)
  t.same(take(), [{ client: 10, count: 9, text: 'failed' }])
  mock.timers.tick(INTERVAL_MS)
  t.same(take(), [], 'nothing came')
  say('ECONNREFUSED', { client: 3 }, 'failed')
  t.same(take(), [{ client: 3, text: 'failed' }], 'after a quiet time it is told at once')
})

t.test('a flood costs a line in each interval and hides no other kind', async (t) => {
  const { say, lines, take } = record()
  for (let second = 0; second < 30; second += 1) {
    for (let client = 0; client < 1000; client += 1) say('flood', { client }, 'again')
    mock.timers.tick(1000)
  }
  t.same(
    take().map(({ count }) => count),
    [undefined, 9999, 10_000, 10_000],
  )
  say('other', { client: 7 }, 'else')
  t.match(lines, [{ client: 7, text: 'else' }])
})

t.test('however many kinds there are, lines and memory are bounded', async (t) => {
  const { say, take } = record()
  for (let client = 0; client < 50_000; client += 1) say(`CP-${client}`, { client }, 'refused')
  t.equal(take().length, 11)
  mock.timers.tick(INTERVAL_MS)
  t.same(take(), [{ client: 49_999, count: 49_989, text: 'refused' }], 'none goes unmentioned')
})
