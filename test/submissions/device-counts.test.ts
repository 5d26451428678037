import t from 'tap'
import { DeviceCounts } from '../../src/submissions/device-counts.ts'

t.test('those with the most invalid submissions come first', async (t) => {
  const counts = new DeviceCounts(10)
  counts.countValid('a')
  counts.countValid('a')
  counts.countValid('b')
  counts.countInvalid('b', 'first', 1)
  counts.countInvalid('c', 'x', 2)
  counts.countInvalid('b', 'second', 3)
  t.strictSame(counts.top(10), [
    { deviceId: 'b', valid: 1, invalid: 2, lastReason: 'second', lastInvalidAt: 3 },
    { deviceId: 'c', valid: 0, invalid: 1, lastReason: 'x', lastInvalidAt: 2 },
    { deviceId: 'a', valid: 2, invalid: 0, lastReason: undefined, lastInvalidAt: undefined },
  ])
  t.equal(counts.top(1).length, 1)
})

t.test('the many that send nothing invalid don’t push out the few that do', async (t) => {
  const counts = new DeviceCounts(3)
  counts.countInvalid('bad', 'x', 1)
  for (let n = 0; n < 1000; n += 1) counts.countValid(`good-${n}`)
  const top = counts.top(100)
  t.equal(top.length, 4)
  t.match(top[0], { deviceId: 'bad', invalid: 1 })
  t.strictSame(counts.others(), { valid: 997, invalid: 0 })
  for (let n = 0; n < 5; n += 1) counts.countInvalid(`bad-${n}`, 'x', n)
  counts.countInvalid(undefined, 'x', 1)
  t.strictSame(counts.others(), { valid: 997, invalid: 4 })
  t.same(
    counts.top(3).map(({ deviceId }) => deviceId),
    ['bad-2', 'bad-3', 'bad-4'],
  )
})
