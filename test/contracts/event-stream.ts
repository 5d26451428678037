import type { Test } from 'tap'
import type { EventStream, StreamRecord } from '../../src/ports/event-stream.ts'

export interface StreamUnderTest {
  readonly stream: EventStream
  /** Everything in it; records of one key in the order of the stream. */
  read(): Promise<readonly { readonly key: string; readonly text: string }[]>
}

const record = (key: string, text: string): StreamRecord => ({ key, data: Buffer.from(text) })

/** What holds for the event stream, whatever is behind it. */
export async function eventStreamContract(
  t: Test,
  setUp: (t: Test) => Promise<StreamUnderTest>,
): Promise<void> {
  await t.test('what was appended is in it, key by key in the order of the calls', async (t) => {
    const { stream, read } = await setUp(t)
    await stream.open()
    const keys = Array.from({ length: 50 }, (_, n) => `key-${n}`)
    for (let round = 0; round < 5; round += 1) {
      const report = await stream.append(keys.map((key) => record(key, `${round}`)))
      t.match(report, { accepted: 50, rejected: [], retry: [] })
    }
    const stored = await read()
    t.equal(stored.length, 250)
    for (const key of keys) {
      const rounds = stored.filter((one) => one.key === key).map(({ text }) => text)
      t.same(rounds, ['0', '1', '2', '3', '4'])
    }
    t.same(stream.problems(), [])
  })

  await t.test('bytes arrive as they are, and the largest call is taken', async (t) => {
    const { stream, read } = await setUp(t)
    await stream.open()
    const { recordsMax, recordBytesMax, bytesMax } = stream.limits
    const odd = [record('ä😀'.repeat(20), '\0\u0001ä😀'), record('x', '')]
    t.match(await stream.append([odd[0] as StreamRecord]), { accepted: 1 })
    t.match(await read(), [{ key: 'ä😀'.repeat(20), text: '\0\u0001ä😀' }])
    const key = 'largest'
    const large = { key, data: Buffer.alloc(recordBytesMax - key.length, 'a') }
    t.match(await stream.append([large]), { accepted: 1 })
    const small = Buffer.alloc(Math.floor(bytesMax / recordsMax) - 10, 'b')
    const full = Array.from({ length: recordsMax }, (_, n) => ({ key: `k${n}`, data: small }))
    t.match(await stream.append(full), { accepted: recordsMax, retry: [], rejected: [] })
  })

  await t.test('a key has one part of the stream, always the same', async (t) => {
    const { stream } = await setUp(t)
    await stream.open()
    for (let n = 0; n < 100; n += 1) {
      t.equal(stream.partitionOf(`key-${n}`), stream.partitionOf(`key-${n}`))
    }
  })
}
