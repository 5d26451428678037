import t, { type Test } from 'tap'
import { createPostgresDatabase } from '../../src/adapters/database/postgres.ts'
import { createStoredDeadLetters } from '../../src/adapters/dead-letters/stored.ts'
import { createS3ObjectStore } from '../../src/adapters/object-store/s3.ts'
import { createRedriver } from '../../src/dead-letters/redrive.ts'
import type { DeadLetter } from '../../src/ports/dead-letters.ts'
import { deadLettersContract } from '../contracts/dead-letters.ts'
import { makeBucket, makeDatabase } from '../helpers/engines.ts'
import { postgresConfig } from '../helpers/postgres.ts'

// Dead letters as they are in production: rows in PostgreSQL, payloads in S3.

const START = Date.parse('2026-11-20T12:00:00Z')

/** As many instances as asked for, each with connections of its own. */
async function startInstances(t: Test, count: number, sizeMaxBytes = 100_000_000) {
  const url = await makeDatabase(t)
  const { bucket, ...aws } = await makeBucket(t)
  return Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const database = createPostgresDatabase(postgresConfig(url))
      const objectStore = createS3ObjectStore({ aws, bucket, keyPrefix: 'fleet/' })
      const deadLetters = createStoredDeadLetters({
        ...{ database, objectStore, sizeMaxBytes, instance: `instance ${number}` },
        now: () => START,
      })
      await Promise.all([database.open(), objectStore.open()])
      await deadLetters.open()
      t.teardown(() => Promise.all([database.close(), objectStore.close()]))
      return { deadLetters, database, objectStore }
    }),
  )
}

function letter(number: number): DeadLetter {
  const payload = Buffer.from(`payload ${number}`)
  return { topic: 'a', payload, reason: 'not JSON', receivedAt: START + number }
}

deadLettersContract(t, async (t, sizeMaxBytes) => {
  const [instance] = await startInstances(t, 1, sizeMaxBytes)
  if (instance === undefined) throw new Error('no instance')
  return instance
})

t.test('several instances keep, trim and list at once', async (t) => {
  const instances = await startInstances(t, 4)
  await Promise.all(
    instances.map(async ({ deadLetters }, which) => {
      for (let round = 0; round < 15; round += 1) {
        // In another order at each instance: rows must not be waited for crosswise.
        const shared = [letter(round), letter(round + 1), letter(7)]
        const own = [letter(1000 + 100 * which + round), letter(-1000 - 100 * which - round)]
        const letters = which % 2 === 0 ? [...shared, ...own] : [...own, ...shared.toReversed()]
        const report = await deadLetters.keep(letters)
        t.strictSame(report.retry, [], report.retryReason ?? 'all are kept')
        await deadLetters.trim(START)
        const { letters: found } = await deadLetters.list({ after: 0, limit: 50 })
        t.notOk(found.some(({ isPayloadLost }) => isPayloadLost))
      }
    }),
  )
  const [first] = instances
  if (first === undefined) throw new Error('no instance')
  const { deadLetters, objectStore } = first
  const { letters } = await deadLetters.list({ after: 0, limit: 400 })
  t.equal(letters.length, 16 + 4 * 15, 'those of START and later')
  const counts = letters.reduce((sum, { count }) => sum + count, 0)
  t.equal(counts, 4 * 15 * 4, 'each was counted')
  await deadLetters.trim(START + 10_000)
  await deadLetters.trim(START + 10_000)
  t.strictSame((await objectStore.list('')).objects, [])
})

t.test('a letter is redriven by one of several instances', async (t) => {
  const instances = await startInstances(t, 3)
  const [first] = instances
  await first?.deadLetters.keep([letter(1)])
  const id = (await first?.deadLetters.list({ after: 0, limit: 1 }))?.letters[0]?.id ?? ''
  let sent = 0
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const tries = instances.map(({ deadLetters: store }) => {
    const redrive = async () => {
      sent += 1
      await finished
      return { outcome: 'accepted' as const }
    }
    return createRedriver({ store, redrive, clock: { now: () => START } })(id)
  })
  const settled = tries.map((attempt) =>
    attempt.then(
      ({ outcome }) => outcome,
      (error: Error) => error.message,
    ),
  )
  const refusals: string[] = []
  await new Promise<void>((resolve) => {
    for (const one of settled) {
      void one.then((outcome) => {
        refusals.push(outcome)
        if (refusals.length === 2) resolve()
      })
    }
  })
  t.match(refusals, [/is being redriven now/, /is being redriven now/])
  finish()
  t.equal((await Promise.all(settled)).filter((outcome) => outcome === 'accepted').length, 1)
  t.equal(sent, 1)
  t.match(await first?.deadLetters.get(id), { state: 'redriven', redriveAttempts: 1 })
})
