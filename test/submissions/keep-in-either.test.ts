import t from 'tap'
import type { DeadLetter } from '../../src/ports/dead-letters.ts'
import { keepInEither } from '../../src/submissions/keep-in-either.ts'

const letters = ['a', 'b', 'c', 'd'].map((text) => ({
  ...{ topic: 't', payload: Buffer.from(text), reason: 'r', receivedAt: 1 },
}))
const first = async () => ({
  ...{ accepted: 1, duplicates: [], retry: [2], retryReason: 'busy' },
  rejected: [1, 3].map((index) => ({ index, reason: 'too large' })),
})

t.test('what the first never takes is in the second', async (t) => {
  const kept: string[] = []
  const keep = keepInEither(first, async (given: readonly DeadLetter[]) => {
    kept.push(...given.map(({ payload }) => Buffer.from(payload).toString()))
    return { accepted: 1, duplicates: [], rejected: [], retry: [1] }
  })
  t.strictSame(await keep(letters), {
    ...{ accepted: 2, duplicates: [], rejected: [], retry: [2, 3], retryReason: 'busy' },
  })
  t.same(kept, ['b', 'd'])
})

t.test('the second is away: only those come again', async (t) => {
  const keep = keepInEither(first, async () => {
    throw new Error('disk full')
  })
  t.match(await keep(letters), { accepted: 1, rejected: [], retry: [2, 1, 3] })
})
