import t from 'tap'
import { BulkBody, IdleBodies } from '../../src/adapters/fleet-index/opensearch/bulk-body.ts'

t.test('operations are what was added, as UTF-8', async (t) => {
  const body = new BulkBody()
  body.add('{"create":{}}\n', '{"name":"Straße 😀"', '}\n')
  body.add('{"delete":{}}\n')
  t.equal(body.count, 2)
  t.equal(body.slice(0, 1).toString('utf8'), '{"create":{}}\n{"name":"Straße 😀"}\n')
  t.equal(body.slice(1, 2).toString('utf8'), '{"delete":{}}\n')
  t.equal(body.slice(0, 2).length, body.slice(0, 1).length + body.slice(1, 2).length)
})

t.test('it grows with what is added', async (t) => {
  const texts = Array.from({ length: 300 }, (_, number) => `${number}${'ä'.repeat(number * 10)}\n`)
  t.equal(BulkBody.of(texts).slice(0, texts.length).toString('utf8'), texts.join(''))
})

t.test('as many operations as fit go into one request, and at least one', async (t) => {
  const body = BulkBody.of(['12345\n', '12345\n', '12345\n', '123456789\n', '1\n'])
  t.equal(body.endOfChunk(0, 1000), 5)
  t.equal(body.endOfChunk(0, 18), 3)
  t.equal(body.endOfChunk(0, 17), 2)
  t.equal(body.endOfChunk(1, 17), 3)
  t.equal(body.endOfChunk(3, 5), 4, 'too large by itself')
  t.equal(body.endOfChunk(3, 12), 5)
  t.equal(body.endOfChunk(4, 1), 5)
  t.equal(new BulkBody().endOfChunk(0, 10), 0)
})

t.test('a body is used again, unless a request with it failed', async (t) => {
  const bodies = new IdleBodies()
  const first = bodies.take()
  first.add('one\n')
  bodies.giveBack(first)
  const again = bodies.take()
  t.equal(again, first)
  t.equal(again.count, 0)
  again.add('two\n')
  t.equal(again.slice(0, 1).toString('utf8'), 'two\n')
  again.keep()
  bodies.giveBack(again)
  t.not(bodies.take(), first)
  t.equal(again.slice(0, 1).toString('utf8'), 'two\n')
})
