import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { createTurnstile } from '../../src/lib/turnstile.ts'

t.test('lets one through a turn, in order', async (t) => {
  const enter = createTurnstile()
  const entered: number[] = []
  for (const number of [1, 2, 3]) void enter().then(() => entered.push(number))
  t.same(entered, [])
  const seen: number[] = []
  while (entered.length < 3) {
    await nextTurn()
    seen.push(entered.length)
  }
  t.same(entered, [1, 2, 3])
  t.ok(
    seen.every((count, index) => count - (seen[index - 1] ?? 0) <= 1),
    `never two in one turn: ${seen}`,
  )
})
