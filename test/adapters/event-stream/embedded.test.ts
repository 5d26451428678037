import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { createEmbeddedStream } from '../../../src/adapters/event-stream/embedded.ts'
import type { EmbeddedEventStreamConfig } from '../../../src/config/adapters.ts'
import { eventStreamContract } from '../../contracts/event-stream.ts'

const HOUR_MS = 3_600_000

async function setUp(t: Test, changes: Partial<EmbeddedEventStreamConfig> = {}, now = Date.now) {
  const dataDir = t.testdir()
  const stream = createEmbeddedStream(
    { adapter: 'embedded', dataDir, sizeMaxBytes: 100_000_000, retentionMs: HOUR_MS, ...changes },
    now,
  )
  t.teardown(() => stream.close())
  async function read() {
    const db = new DatabaseSync(join(dataDir, 'event-stream.db'), { readOnly: true })
    const rows = db.prepare('SELECT key, data FROM event ORDER BY number').all()
    db.close()
    return rows.map(({ key, data }) => ({
      key: String(key),
      text: Buffer.from(data as Uint8Array).toString(),
    }))
  }
  return { stream, read }
}

await eventStreamContract(t, setUp)

t.test('what is past its retention goes, step by step', async (t) => {
  let time = 1_700_000_000_000
  const { stream, read } = await setUp(t, {}, () => time)
  await stream.open()
  const record = { key: 'a', data: Buffer.from('a') }
  await stream.append(Array(500).fill(record))
  time += HOUR_MS / 2
  await stream.append([record])
  t.equal((await read()).length, 501)
  time += HOUR_MS / 2 + 1
  await stream.append([record])
  t.equal((await read()).length, 2)
})

t.test('a full file takes nothing and loses nothing, until there is room again', async (t) => {
  let time = 1_700_000_000_000
  const { stream, read } = await setUp(t, { sizeMaxBytes: 500_000 }, () => time)
  await stream.open()
  const record = { key: 'a', data: Buffer.alloc(50_000, 'a') }
  let accepted = 0
  for (;;) {
    const report = await stream.append([record])
    if (report.retry.length > 0) {
      t.match(report.retryReason, /no space is left.*Raise EVENT_STREAM_SIZE_MAX_MB/)
      break
    }
    accepted += 1
  }
  t.ok(accepted > 3)
  t.equal((await read()).length, accepted)
  t.match(stream.problems(), [/can't be written/])
  time += HOUR_MS + 1
  t.match(await stream.append([record]), { accepted: 1 })
  t.same(stream.problems(), [])
})
