import type { Test } from 'tap'
import type {
  DeadLetter,
  DeadLetterQuery,
  DeadLetters,
  StoredDeadLetter,
} from '../../src/ports/dead-letters.ts'

const START = Date.parse('2026-11-20T12:00:00Z')
const FIRST_PAGE: DeadLetterQuery = { after: 0, limit: 100 }

export interface DeadLettersUnderTest {
  /** Open and empty. */
  readonly deadLetters: DeadLetters
}

/** Makes one for each test, with this size limit; closes and removes it afterwards. */
export type MakeDeadLetters = (t: Test, sizeMaxBytes: number) => Promise<DeadLettersUnderTest>

interface Subject {
  readonly deadLetters: DeadLetters
  keep(...letters: DeadLetter[]): Promise<void>
  all(query?: Partial<DeadLetterQuery>): Promise<readonly StoredDeadLetter[]>
}

function letter(number: number, part: Partial<DeadLetter> = {}): DeadLetter {
  return {
    topic: 'dt/cvra/ECU-1/cardata',
    payload: Buffer.from(`payload ${number}`),
    reason: `reason ${number}`,
    receivedAt: START + number,
    ...part,
  }
}

/** What every store of dead letters must do, through the port only. */
export function deadLettersContract(t: Test, make: MakeDeadLetters): void {
  const subject = async (t: Test, sizeMaxBytes = 100_000_000): Promise<Subject> => {
    const { deadLetters } = await make(t, sizeMaxBytes)
    return {
      deadLetters,
      async keep(...letters) {
        const report = await deadLetters.keep(letters)
        t.strictSame(
          [report.accepted, report.rejected, report.retry],
          [letters.length, [], []],
          'all are kept',
        )
      },
      all: async (query) => (await deadLetters.list({ ...FIRST_PAGE, ...query })).letters,
    }
  }
  t.test('keeping', async (t) => keepingContract(t, subject))
  t.test('listing and trimming', async (t) => listingContract(t, subject))
}

type MakeSubject = (t: Test, sizeMaxBytes?: number) => Promise<Subject>

async function keepingContract(t: Test, subject: MakeSubject) {
  t.test('keeps every byte, and says so', async (t) => {
    const { deadLetters, keep, all } = await subject(t)
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const payloads = [
      bytes,
      new Uint8Array(),
      new Uint8Array(131_072).fill(91),
      bytes.subarray(3, 9),
    ]
    await keep(...payloads.map((payload, number) => letter(number, { payload })))
    const letters = (await all()).toReversed()
    for (const [number, payload] of payloads.entries()) {
      const stored = letters[number]
      t.strictSame(Buffer.from(stored?.payload ?? []), Buffer.from(payload), `payload ${number}`)
      const found = await deadLetters.get(stored?.id ?? '')
      t.strictSame(found, stored)
      t.match(found, {
        ...{ topic: 'dt/cvra/ECU-1/cardata', reason: `reason ${number}`, state: 'open', count: 1 },
        ...{ receivedAt: START + number, firstReceivedAt: START + number, redriveAttempts: 0 },
      })
    }
    t.equal(await deadLetters.get('nothing'), undefined)
  })

  t.test('the same message twice is one letter', async (t) => {
    const { deadLetters, keep, all } = await subject(t)
    await keep(letter(1))
    const [before] = await all()
    await keep(letter(1, { receivedAt: START + 500, reason: 'another reason' }))
    t.strictSame(await all(), [
      { ...before, count: 2, receivedAt: START + 500, reason: 'another reason' },
    ])
    await keep(letter(1, { topic: 'dt/cvra/ECU-2/cardata' }), letter(2), letter(2))
    t.equal((await all()).length, 3, 'another topic or payload is another letter')
    t.equal(await deadLetters.countOpen(), 3)
    t.match(before?.id, /^[0-9a-f]{32}$/)
  })

  t.test('topic and payload are told apart', async (t) => {
    const { keep, all } = await subject(t)
    await keep(letter(1, { topic: 'ab', payload: Buffer.from('c') }))
    await keep(letter(2, { topic: 'a', payload: Buffer.from('bc') }))
    t.equal((await all()).length, 2)
  })

  t.test('a letter is redriven, fails again, comes again', async (t) => {
    const { deadLetters, keep, all } = await subject(t)
    await keep(letter(1))
    const [{ id } = { id: '' }] = await all()
    await deadLetters.markFailedAgain(id, 'still wrong')
    t.match(await deadLetters.get(id), { state: 'open', redriveAttempts: 1, reason: 'still wrong' })
    await deadLetters.markRedriven(id, START + 900)
    const redriven = { state: 'redriven', redriveAttempts: 2, redrivenAt: START + 900, count: 1 }
    t.match(await deadLetters.get(id), redriven)
    t.equal(await deadLetters.countOpen(), 0)
    await keep(letter(1, { receivedAt: START + 1000 }))
    t.match(await deadLetters.get(id), { state: 'open', count: 2, firstReceivedAt: START + 1 })
    t.equal(await deadLetters.countOpen(), 1)
    await deadLetters.markRedriven('nothing', START)
    await deadLetters.markFailedAgain('nothing', 'x')
  })

  t.test('only one at a time tries a letter again', async (t) => {
    const { deadLetters, keep, all } = await subject(t)
    await keep(letter(1), letter(2))
    const [{ id } = { id: '' }] = await all()
    const claims = await Promise.all(
      Array.from({ length: 5 }, () => deadLetters.claim(id, 3_600_000)),
    )
    t.strictSame(claims.toSorted(), [false, false, false, false, true])
    t.match(await deadLetters.get(id), { state: 'open', redriveAttempts: 0 })
    await deadLetters.release(id)
    t.equal(await deadLetters.claim(id, 3_600_000), true, 'released')
    await deadLetters.markFailedAgain(id, 'still wrong')
    t.equal(await deadLetters.claim(id, 0), true, 'marked')
    t.equal(await deadLetters.claim(id, 3_600_000), true, 'a claim ends by itself')
    await deadLetters.markRedriven(id, START)
    t.equal(await deadLetters.claim(id, 3_600_000), false, 'redriven')
    await deadLetters.markFailedAgain(id, 'a late answer of another try')
    t.match(await deadLetters.get(id), { state: 'redriven', redriveAttempts: 2 })
    t.equal(await deadLetters.claim('nothing', 1), false)
    await deadLetters.release('nothing')
  })

  t.test('what text can not be everywhere is kept too', async (t) => {
    const { deadLetters, keep, all } = await subject(t)
    const odd = { topic: 'nul \0 and half \ud800', reason: 'at \0 and \udc00' }
    await keep(letter(1, odd), letter(2, { topic: `${'long/'.repeat(13_000)}x` }))
    const [long, stored] = await all()
    t.equal(long?.topic.length, 65_001)
    t.equal(stored?.topic, odd.topic)
    t.equal((await all({ topic: odd.topic })).length, 1)
    t.equal((await all({ topic: long?.topic ?? '' })).length, 1)
    await deadLetters.markFailedAgain(stored?.id ?? '', 'again \0 \ud800')
    t.match(await deadLetters.get(stored?.id ?? ''), { reason: /^again . .$/ })
  })

  t.test('a time that is none keeps nothing from being stored', async (t) => {
    const { keep, all } = await subject(t)
    await keep(letter(1, { receivedAt: Number.NaN }), letter(2, { receivedAt: 1e300 }))
    await keep(letter(3, { receivedAt: START + 0.4 }))
    const letters = await all()
    t.equal(letters.length, 3)
    for (const { receivedAt } of letters) t.ok(Number.isSafeInteger(receivedAt))
  })

  t.test('a write after close fails cleanly', async (t) => {
    const { deadLetters } = await subject(t)
    await deadLetters.close()
    const error = await deadLetters.keep([letter(1)]).catch((reason: unknown) => reason)
    t.match(error, { kind: 'unavailable', message: /closed/ })
    await deadLetters.close()
  })
}

async function listingContract(t: Test, subject: MakeSubject) {
  t.test('newest first, by state and by topic', async (t) => {
    const { deadLetters, keep, all } = await subject(t)
    const other = { topic: 'dt/cvra/ECU-2/dtc' }
    await keep(letter(2), letter(4, other), letter(1, other), letter(3))
    const reasons = async (query?: Partial<DeadLetterQuery>) =>
      (await all(query)).map(({ reason }) => Number(reason.slice('reason '.length)))
    t.strictSame(await reasons(), [4, 3, 2, 1])
    t.strictSame(await reasons(other), [4, 1])
    const [newest] = await all()
    await deadLetters.markRedriven(newest?.id ?? '', START)
    t.strictSame(await reasons({ state: 'open' }), [3, 2, 1])
    t.strictSame(await reasons({ state: 'redriven' }), [4])
    t.strictSame(await reasons({ state: 'open', ...other }), [1])
    t.strictSame(await reasons({ topic: 'dt/cvra' }), [], 'a topic is meant exactly')
  })

  t.test('pages neither skip nor repeat while letters come, also within one moment', async (t) => {
    const { deadLetters, keep } = await subject(t)
    const crowd = { receivedAt: START }
    await keep(...Array.from({ length: 2500 }, (_, number) => letter(number, crowd)))
    const seen: string[] = []
    let after: number | undefined = 0
    for (let page = 0; after !== undefined; page += 1) {
      const { letters, next }: Awaited<ReturnType<DeadLetters['list']>> = await deadLetters.list({
        after,
        limit: 400,
      })
      t.ok(letters.length <= 400)
      seen.push(...letters.map(({ reason }) => reason))
      after = next
      await keep(letter(10_000 + page))
    }
    t.equal(seen.length, 2500)
    t.equal(new Set(seen).size, 2500)
  })

  t.test('the last full page says that it is the last', async (t) => {
    const { deadLetters, keep } = await subject(t)
    await keep(letter(1), letter(2))
    t.equal((await deadLetters.list({ after: 0, limit: 2 })).next, undefined)
  })

  t.test('trim removes what is too old, then the oldest of what is too much', async (t) => {
    const { deadLetters, keep, all } = await subject(t, 1_000_000)
    const large = (number: number) =>
      letter(number, { payload: new Uint8Array(100_000).fill(number) })
    await keep(...Array.from({ length: 30 }, (_, number) => large(number)))
    await keep(letter(0, { receivedAt: START + 1000, payload: large(0).payload }))
    const report = await deadLetters.trim(START + 10)
    t.equal(report.expired, 9, 'the first came again and is young')
    const letters = await all()
    t.equal(report.evicted, 21 - letters.length)
    // A store may count its own encoding (base64 makes 133 kB of each), and no more.
    t.ok(letters.length >= 6 && letters.length <= 10, `${letters.length} of 100 kB in 1 MB`)
    t.equal(letters[0]?.receivedAt, START + 1000)
    t.equal(letters[1]?.receivedAt, START + 29, 'the newest stay')
    t.strictSame(await deadLetters.trim(START + 10), { expired: 0, evicted: 0 })
  })
}
