import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createEmbeddedDeadLetters } from '../../src/adapters/dead-letters/embedded.ts'
import { deadLettersContract } from '../contracts/dead-letters.ts'

deadLettersContract(t, async (t, sizeMaxBytes) => {
  const deadLetters = createEmbeddedDeadLetters({ dataDir: t.testdir(), sizeMaxBytes })
  await deadLetters.open()
  t.teardown(() => deadLetters.close())
  return { deadLetters }
})

t.test('letters are there after a restart', async (t) => {
  const dataDir = t.testdir()
  const letter = { topic: 'a', payload: Buffer.from('{'), reason: 'not JSON', receivedAt: 1 }
  const first = createEmbeddedDeadLetters({ dataDir, sizeMaxBytes: 1e6 })
  await first.open()
  await first.keep([letter])
  await first.close()
  const second = createEmbeddedDeadLetters({ dataDir, sizeMaxBytes: 1e6 })
  await second.open()
  t.teardown(() => second.close())
  t.match((await second.list({ after: 0, limit: 10 })).letters, [{ topic: 'a', count: 1 }])
})

t.test('a full file leaves letters for later, and takes them after a trim', async (t) => {
  const deadLetters = createEmbeddedDeadLetters({ dataDir: t.testdir(), sizeMaxBytes: 1_000_000 })
  await deadLetters.open()
  t.teardown(() => deadLetters.close())
  const large = (number: number) => ({
    ...{ topic: 'a', reason: 'too large', receivedAt: number },
    payload: new Uint8Array(1_000_000).fill(number),
  })
  let refused: number | undefined
  for (let number = 0; number < 40 && refused === undefined; number += 1) {
    const report = await deadLetters.keep([large(number)])
    t.equal(report.accepted + report.retry.length, 1)
    if (report.retry.length > 0) refused = number
  }
  t.type(refused, 'number', 'the file is bounded')
  await deadLetters.trim(0)
  t.equal((await deadLetters.keep([large(refused ?? 0)])).accepted, 1)
})

t.test('a file that is no database is an error for people', async (t) => {
  const dataDir = t.testdir()
  writeFileSync(join(dataDir, 'dead-letters.db'), 'not a database '.repeat(500))
  const deadLetters = createEmbeddedDeadLetters({ dataDir, sizeMaxBytes: 1e6 })
  const error = await deadLetters.open().catch((reason: unknown) => reason)
  t.match(error, { message: /Can't open .*dead-letters\.db: it is not a database; restore/ })
})
