import Fastify from 'fastify'
import t from 'tap'
import { EventStream } from '../../src/http/event-stream.ts'
import { openStream } from '../helpers/event-stream.ts'

t.test('what is written after its end is left out, and no error', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  app.get('/', (_request, reply) => {
    const stream = new EventStream(reply)
    stream.write('event: a\ndata: {}\n\n')
    stream.end()
    stream.write('event: b\ndata: {}\n\n')
    stream.end()
  })
  const stream = await openStream(app, '/', '')
  t.match(await stream.next(), { event: 'a' })
  t.equal(await stream.next(), undefined)
})

t.test('until its first write an error is an answer like any other', async (t) => {
  const app = Fastify()
  app.get('/', (_request, reply) => {
    new EventStream(reply)
    throw new Error('too many')
  })
  t.equal((await app.inject('/')).statusCode, 500)
})

t.test('a reader that doesn’t take the end is cut off', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  const closed = new Promise<void>((resolve) => {
    app.get('/', (_request, reply) => {
      const stream = new EventStream(reply)
      reply.raw.on('close', resolve)
      stream.write('x'.repeat(20_000_000))
      stream.end()
    })
  })
  const { response } = await openStream(app, '/', '')
  response.socket.pause()
  await closed
  t.pass()
})
