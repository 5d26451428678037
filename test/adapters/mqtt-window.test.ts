import t from 'tap'
import { Window } from '../../src/adapters/telemetry-feed/mqtt/window.ts'
import type { FeedMessage } from '../../src/ports/telemetry-feed.ts'

// What a broker sends beyond the receive maximum: held, passed on in order, bounded, left to it.

function message(number: number): FeedMessage {
  const nothing = (): void => undefined
  const topic = `${number}`
  return {
    topic,
    payload: new Uint8Array(500),
    receivedAt: 0,
    acknowledge: nothing,
    refuse: nothing,
  }
}

const SIZE = 1000

t.test('the first are out, the others follow in order as these are settled', async (t) => {
  const out: string[] = []
  const budget = { leftBytes: 100 * SIZE }
  const window = new Window(2, budget, ({ topic }) => out.push(topic))
  for (let number = 1; number <= 5; number += 1) window.take(message(number))
  t.strictSame(out, ['1', '2'])
  t.equal(budget.leftBytes, 97 * SIZE)
  window.settle()
  t.strictSame(out, ['1', '2', '3'])
  for (let settled = 0; settled < 4; settled += 1) window.settle()
  t.strictSame(out, ['1', '2', '3', '4', '5'])
  t.equal(budget.leftBytes, 100 * SIZE)
  t.equal(window.isDrained, false, 'nothing was left to the broker')
})

t.test('who settles at once does not make it deep', async (t) => {
  let out = 0
  const window: Window = new Window(1, { leftBytes: 100_000 * SIZE }, () => {
    out += 1
    if (out > 1) window.settle()
  })
  for (let number = 0; number < 100_000; number += 1) window.take(message(number))
  window.settle()
  t.equal(out, 100_000)
})

t.test('what memory is not given for is left, and asked for when the rest is done', async (t) => {
  const out: string[] = []
  const budget = { leftBytes: 2 * SIZE }
  const window = new Window(1, budget, ({ topic }) => out.push(topic))
  for (let number = 1; number <= 9; number += 1) window.take(message(number))
  window.settle()
  window.take(message(10))
  t.equal(window.isDrained, false)
  window.settle()
  window.settle()
  t.strictSame(out, ['1', '2', '3'], 'nothing overtakes what was left')
  t.equal(window.isDrained, true)
  window.reset()
  t.equal(window.isDrained, false)
  window.take(message(4))
  t.strictSame(out, ['1', '2', '3', '4'])
})

t.test('a lost connection gives its memory back', async (t) => {
  const budget = { leftBytes: 10 * SIZE }
  const window = new Window(1, budget, () => undefined)
  for (let number = 1; number <= 5; number += 1) window.take(message(number))
  window.settle()
  window.reset()
  t.equal(budget.leftBytes, 10 * SIZE)
})
