import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import type { DeadLetter } from '../../src/ports/dead-letters.ts'
import { deadLettersContract } from '../contracts/dead-letters.ts'
import { openDeadLetters } from '../helpers/dead-letters.ts'

const DAY_MS = 86_400_000
const START = Date.parse('2026-11-20T12:00:00Z')

async function open(t: Test, options: { sizeMaxBytes?: number; dataDir?: string } = {}) {
  const { dataDir = t.testdir(), ...limits } = options
  const clock = { time: START }
  const opened = await openDeadLetters(dataDir, { ...limits, now: () => clock.time })
  t.teardown(() => opened.close())
  const { objectStore } = opened
  const keys = async () => (await objectStore.list('errors/')).objects.map(({ key }) => key)
  return { ...opened, clock, keys }
}

function letter(number: number, part: Partial<DeadLetter> = {}): DeadLetter {
  const payload = Buffer.from(`payload ${number}`)
  return { topic: 'a', payload, reason: 'not JSON', receivedAt: START + number, ...part }
}

deadLettersContract(t, async (t, sizeMaxBytes) => open(t, { sizeMaxBytes }))

t.test('a letter is a line that anybody can read', async (t) => {
  const { deadLetters, objectStore, keys } = await open(t)
  const binary = Uint8Array.of(0xff, 0, 10)
  await deadLetters.keep([letter(1, { payload: Buffer.from('{"ü":\n1}') })])
  await deadLetters.keep([letter(2, { payload: binary }), letter(3)])
  const [first = '', second = ''] = await keys()
  t.match(first, /^errors\/2026\/11\/20\/20261120T120000000Z-[0-9a-f]{8}-a-[0-9a-f]{8}-1\.ndjson$/)
  const text = String(await objectStore.get(first))
  t.equal(text.split('\n').length, 2)
  t.strictSame(JSON.parse(text), {
    id: (await deadLetters.list({ after: 0, limit: 9 })).letters[2]?.id,
    topic: 'a',
    reason: 'not JSON',
    receivedAt: '2026-11-20T12:00:00.001Z',
    payload: Buffer.from('{"ü":\n1}').toString('base64'),
    text: '{"ü":\n1}',
  })
  const lines = String(await objectStore.get(second))
    .trimEnd()
    .split('\n')
  t.equal(lines.length, 2)
  t.notOk('text' in JSON.parse(lines[0] ?? ''))
})

t.test('letters are there after a restart', async (t) => {
  const dataDir = t.testdir()
  const first = await open(t, { dataDir })
  await first.deadLetters.keep([letter(1)])
  await first.close()
  const second = await open(t, { dataDir })
  t.match((await second.deadLetters.list({ after: 0, limit: 10 })).letters, [
    { payload: Buffer.from('payload 1'), count: 1 },
  ])
})

t.test('the same message needs no second copy on the same day, and one on another', async (t) => {
  const { deadLetters, clock, keys } = await open(t)
  await deadLetters.keep([letter(1), letter(2), letter(1)])
  await deadLetters.keep([letter(1)])
  t.equal((await keys()).length, 1)
  clock.time += DAY_MS
  await deadLetters.keep([letter(1, { receivedAt: clock.time })])
  const [older = '', newer = ''] = await keys()
  t.match([older, newer], [/^errors\/2026\/11\/20\//, /^errors\/2026\/11\/21\//])
  t.match(await deadLetters.list({ after: 0, limit: 1 }), {
    letters: [{ count: 4, firstReceivedAt: START + 1, payload: Buffer.from('payload 1') }],
  })
  t.strictSame(await deadLetters.trim(START + 10), { expired: 1, evicted: 0 })
  await deadLetters.trim(START + 10)
  t.strictSame(await keys(), [newer], 'the day that is past its time is gone')
  t.equal((await deadLetters.list({ after: 0, limit: 9 })).letters.length, 1)
})

t.test('objects are no larger than they are read in one piece', async (t) => {
  const { deadLetters, objectStore } = await open(t)
  const letters = Array.from({ length: 60 }, (_, number) =>
    letter(number, { payload: new Uint8Array(131_072).fill(number) }),
  )
  letters.push(letter(60, { payload: new Uint8Array(5_000_000) }), letter(61))
  t.match(await deadLetters.keep(letters), { accepted: 62, retry: [] })
  const { objects } = await objectStore.list('errors/')
  const large = objects.filter(({ sizeBytes }) => sizeBytes > 1_500_000)
  t.equal(large.length, 1, 'a single letter may be')
  const { letters: found } = await deadLetters.list({ after: 0, limit: 100 })
  for (const [index, stored] of found.toReversed().entries()) {
    const sent = letters[index]?.payload ?? new Uint8Array()
    t.ok(Buffer.compare(stored.payload, sent) === 0, `${index}`)
  }
})

t.test('what can not be stored now is to be tried again, none of it half', async (t) => {
  const { deadLetters, objectStore, database, keys } = await open(t)
  await objectStore.close()
  const three = [letter(3), letter(1), letter(2)]
  t.match(await deadLetters.keep(three), {
    accepted: 0,
    retry: [0, 1, 2],
    retryReason: /Object store/,
  })
  t.equal(await deadLetters.countOpen(), 0)
  await objectStore.open()
  t.match(await deadLetters.keep(three), { accepted: 3, retry: [] })
  await database.close()
  t.match(await deadLetters.keep([letter(4)]), { retry: [0], retryReason: /Database/ })
  t.equal((await keys()).length, 1, 'no object for rows that can not be')
})

t.test('a flood between two trims is bounded, and letters are taken after a trim', async (t) => {
  const { deadLetters } = await open(t, { sizeMaxBytes: 1_000_000 })
  const large = (number: number) =>
    letter(number, { payload: new Uint8Array(1_000_000).fill(number) })
  let refused: number | undefined
  for (let number = 0; number < 40 && refused === undefined; number += 1) {
    const report = await deadLetters.keep([large(number)])
    if (report.retry.length === 0) continue
    refused = number
    t.match(report, { accepted: 0, retryReason: /beyond the limit of 1000000/ })
  }
  t.type(refused, 'number', 'it is bounded')
  await deadLetters.trim(0)
  t.equal((await deadLetters.keep([large(refused ?? 0)])).accepted, 1)
})

t.test('an orphan goes when letters of its time do, and nothing else', async (t) => {
  const { deadLetters, objectStore, clock, keys } = await open(t)
  await deadLetters.keep([letter(1)])
  const [known = ''] = await keys()
  const orphan = known.replace(/1\.ndjson$/, '2.ndjson')
  const others = ['errors/2026/11/20/by-hand.json', known.replace(/Z-[0-9a-f]+-/, 'Z-0123456-')]
  for (const key of [orphan, ...others]) await objectStore.put(key, Buffer.from('x'), 'text/plain')
  await deadLetters.trim(0)
  t.equal((await keys()).length, 4)
  clock.time += 3_600_000
  await deadLetters.trim(START + 1)
  t.strictSame((await keys()).length, 4, 'too young')
  clock.time += 3_600_000
  // The folder's clock is the real one.
  const { expired } = await deadLetters.trim(Date.now() + DAY_MS)
  t.equal(expired, 1)
  t.notOk((await keys()).includes(orphan))
  await deadLetters.trim(0)
  t.strictSame(await keys(), others.toSorted())
})

t.test('a payload that somebody removed is said, and the others are shown', async (t) => {
  const { deadLetters, objectStore, keys } = await open(t)
  await deadLetters.keep([letter(1)])
  await deadLetters.keep([letter(2)])
  const [first = ''] = await keys()
  await objectStore.remove([first])
  t.match((await deadLetters.list({ after: 0, limit: 9 })).letters, [
    { payload: Buffer.from('payload 2'), isPayloadLost: undefined },
    { payload: new Uint8Array(), isPayloadLost: true, reason: /payload is gone: no line 1 of err/ },
  ])
  await objectStore.put(first, Buffer.from('{"id":"another"}\n'), 'text/plain')
  t.match((await deadLetters.list({ after: 0, limit: 9 })).letters[1], { isPayloadLost: true })
})

t.test('objects held by few letters that come again are bounded too', async (t) => {
  const { deadLetters, objectStore } = await open(t, { sizeMaxBytes: 1_000_000 })
  for (let round = 0; round < 8; round += 1) {
    const bulk = Array.from({ length: 20 }, (_, number) =>
      letter(round * 100 + number, { payload: new Uint8Array(140_000).fill(round * 20 + number) }),
    )
    await deadLetters.keep([...bulk, letter(round, { receivedAt: START + round * 100 + 50 })])
    // Each object keeps its small letter, which comes again.
    await deadLetters.keep(
      Array.from({ length: round + 1 }, (_, number) =>
        letter(number, { receivedAt: START + round * 100 + 60 }),
      ),
    )
    await deadLetters.trim(0)
  }
  await deadLetters.trim(0)
  const { objects } = await objectStore.list('errors/')
  const total = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  t.ok(total <= 18_000_000, `${total} bytes in ${objects.length} objects`)
  t.ok((await deadLetters.list({ after: 0, limit: 100 })).letters.length > 4)
})

t.test('several instances keep, trim and list at once', async (t) => {
  const { deadLetters, make, keys } = await open(t)
  const instances = [deadLetters, make('b'), make(`c ${randomUUID()}`)]
  await Promise.all(instances.map((instance) => instance.open()))
  await Promise.all(
    instances.map(async (instance, which) => {
      for (let round = 0; round < 20; round += 1) {
        const own = letter(1000 * which + round)
        const report = await instance.keep([letter(round), own, letter(-1000 + round), letter(7)])
        t.strictSame(report.retry, [])
        await instance.trim(START)
      }
    }),
  )
  const { letters } = await deadLetters.list({ after: 0, limit: 200 })
  t.equal(letters.length, 60, 'those of START and later')
  t.ok(letters.every(({ payload, isPayloadLost }) => payload.length > 0 && !isPayloadLost))
  const seven = letters.find(({ payload }) => String(payload) === 'payload 7')
  t.equal(seven?.count, 64, 'each of them was counted')
  await deadLetters.trim(START + 10_000)
  await deadLetters.trim(START + 10_000)
  t.strictSame(await keys(), [])
})
