import t from 'tap'
import { MESSAGE_MAX_BYTES, Room } from '../../src/adapters/sqs/room.ts'

/** Says whether a receive may go now; if so, it is under way. */
async function receive(room: Room, count = 10): Promise<'goes' | 'waits'> {
  const went = room.reserve(count).then(() => 'goes' as const)
  // A reservation that needs no wait is done by then.
  const turn = new Promise<'waits'>((resolve) => setImmediate(resolve, 'waits'))
  return Promise.race([went, turn])
}

t.test('a receive waits where its messages would be too many', async (t) => {
  const room = new Room(25, 1e9)
  t.equal(await receive(room), 'goes')
  t.equal(await receive(room), 'goes')
  t.equal(await receive(room), 'waits')
  room.unreserve(10)
  await new Promise(setImmediate)
  t.equal(await receive(room), 'waits', 'the one that waited has it')
})

t.test('a receive waits where its messages might be too large', async (t) => {
  const room = new Room(1000, 25 * MESSAGE_MAX_BYTES)
  t.equal(await receive(room), 'goes')
  t.equal(await receive(room), 'goes')
  t.equal(await receive(room), 'waits')
  const small = new Room(1000, 25 * MESSAGE_MAX_BYTES)
  for (let number = 0; number < 16; number += 1) small.take(MESSAGE_MAX_BYTES)
  t.equal(await receive(small), 'waits')
  t.ok(small.isFull(), 'somebody waits for it')
  small.give(MESSAGE_MAX_BYTES)
  await new Promise(setImmediate)
  t.notOk(small.isFull())
})

t.test('closed, it lets everybody go', async (t) => {
  const room = new Room(10, 1e9)
  t.equal(await receive(room), 'goes')
  const second = room.reserve(10)
  room.close()
  await second
  t.notOk(room.isFull())
})
