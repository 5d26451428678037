import t from 'tap'
import { startTestApp, type TestApp } from '../helpers/app.ts'
import { openDeadLetters } from '../helpers/dead-letters.ts'

const AT = 1_604_507_319_768

async function keep(
  { deadLetters }: Pick<TestApp, 'deadLetters'>,
  topic: string,
  payload: string | Uint8Array,
) {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  const report = await deadLetters.keep([
    { topic, payload: bytes, reason: 'vin is missing', receivedAt: AT },
  ])
  t.strictSame(report.retry, [])
}

const operator = { role: 'operator' as const }
const post = { ...operator, method: 'POST' as const }

t.test('a dead letter is shown with its bytes, and as text where it is text', async (t) => {
  const app = await startTestApp(t)
  await keep(app, 'dt/cvra/a/cardata', '{"a":"ü"}')
  await keep(app, 'dt/cvra/b/cardata', Uint8Array.of(0xff, 0xfe))
  await keep(app, 'dt/cvra/c/cardata', 'x'.repeat(4097))
  await keep(app, 'dt/cvra/c/cardata', 'x'.repeat(4097))
  const { deadLetters, offset } = (await app.get('/dead-letters', operator)).json()
  t.equal(offset, null)
  const of = (topic: string) =>
    deadLetters.find((letter: { topic: string }) => letter.topic === topic)
  t.match(of('dt/cvra/a/cardata'), {
    id: String,
    reason: 'vin is missing',
    receivedAt: '2020-11-04T16:28:39.768Z',
    firstReceivedAt: '2020-11-04T16:28:39.768Z',
    count: 1,
    state: 'open',
    redriveAttempts: 0,
    sizeBytes: 10,
    payload: Buffer.from('{"a":"ü"}').toString('base64'),
    payloadText: '{"a":"ü"}',
  })
  t.strictSame(
    [of('dt/cvra/b/cardata').payload, of('dt/cvra/b/cardata').payloadText],
    ['//4=', undefined],
  )
  t.match(of('dt/cvra/c/cardata'), { count: 2, sizeBytes: 4097, payloadText: undefined })
  const { id } = of('dt/cvra/a/cardata')
  t.strictSame((await app.get(`/dead-letters/${id}`, operator)).json(), of('dt/cvra/a/cardata'))
})

t.test('the list is filtered and paged', async (t) => {
  const app = await startTestApp(t)
  for (let index = 0; index < 5; index += 1) await keep(app, 'topic', `payload ${index}`)
  await keep(app, 'other', 'x')
  const seen: string[] = []
  let next: string | number | null = 0
  while (next !== null) {
    const url = `/dead-letters?topic=topic&state=open&maxResults=2&offset=${next}`
    const page: { deadLetters: { payloadText: string }[]; offset: number | null } = (
      await app.get(url, operator)
    ).json()
    seen.push(...page.deadLetters.map(({ payloadText }) => payloadText))
    next = page.offset
  }
  t.strictSame(
    seen.sort(),
    [0, 1, 2, 3, 4].map((index) => `payload ${index}`),
  )
  t.strictSame((await app.get('/dead-letters?state=redriven', operator)).json(), {
    deadLetters: [],
    offset: null,
  })
})

t.test('wrong parameters name their field', async (t) => {
  const { get } = await startTestApp(t)
  const wrong: readonly [query: string, field: string][] = [
    ['state=closed', 'state'],
    ['maxResults=0', 'maxResults'],
    ['maxResults=51', 'maxResults'],
    ['offset=-1', 'offset'],
    ['offset=x', 'offset'],
    ['topic=', 'topic'],
    ['topics=x', 'topics'],
  ]
  for (const [query, field] of wrong) {
    const response = await get(`/dead-letters?${query}`, operator)
    t.equal(response.statusCode, 400, query)
    t.match(response.json().errors, [{ field }], query)
  }
})

t.test('redriving records what became of the message', async (t) => {
  const app = await startTestApp(t)
  await keep(app, 'topic', '{}')
  const [{ id }] = (await app.get('/dead-letters', operator)).json().deadLetters
  const redrive = () => app.get(`/dead-letters/${id}/redrive`, post)
  const letter = async () => (await app.get(`/dead-letters/${id}`, operator)).json()

  app.redrives.push({ outcome: 'unavailable', reason: 'the index is away' })
  const unavailable = await redrive()
  t.equal(unavailable.statusCode, 503)
  t.match(unavailable.json().detail, /the index is away/)
  t.ok(unavailable.headers['retry-after'])
  t.match(await letter(), { state: 'open', redriveAttempts: 0 })

  app.redrives.push({ outcome: 'dead-lettered', reason: 'vin is still missing' })
  t.strictSame((await redrive()).json(), {
    id,
    outcome: 'dead-lettered',
    reason: 'vin is still missing',
  })
  t.match(await letter(), { state: 'open', redriveAttempts: 1, reason: 'vin is still missing' })

  t.strictSame((await redrive()).json(), { id, outcome: 'accepted' })
  t.match(await letter(), { state: 'redriven', redrivenAt: String })
  const again = await redrive()
  t.equal(again.statusCode, 409)
  t.match(again.json().detail, /redriven already/)
})

t.test('two operators at once send a message through once', async (t) => {
  let finish: (value: { outcome: 'accepted' }) => void = () => {}
  let started = () => {}
  const running = new Promise<void>((resolve) => {
    started = resolve
  })
  const deadLetters = {
    redrive: () => {
      started()
      return new Promise<{ outcome: 'accepted' }>((resolve) => {
        finish = resolve
      })
    },
  }
  const store = await startTestApp(t)
  const app = await startTestApp(t, {
    deps: { deadLetters: { store: store.deadLetters, ...deadLetters } },
  })
  await keep(store, 'topic', '{}')
  const [{ id }] = (await app.get('/dead-letters', operator)).json().deadLetters
  const first = app.get(`/dead-letters/${id}/redrive`, post)
  await running
  t.equal((await app.get(`/dead-letters/${id}/redrive`, post)).statusCode, 409)
  finish({ outcome: 'accepted' })
  t.equal((await first).statusCode, 200)
})

t.test('a try that could not be made leaves the letter to anybody', async (t) => {
  const store = await startTestApp(t)
  await keep(store, 'topic', '{}')
  const [{ id }] = (await store.get('/dead-letters', operator)).json().deadLetters
  const redrive = async () => {
    throw new Error('a bug')
  }
  const app = await startTestApp(t, {
    deps: { deadLetters: { store: store.deadLetters, redrive } },
  })
  t.equal((await app.get(`/dead-letters/${id}/redrive`, post)).statusCode, 500)
  t.equal((await store.get(`/dead-letters/${id}/redrive`, post)).statusCode, 200)
})

t.test('a letter whose payload was removed is shown, and not redriven', async (t) => {
  const { deadLetters: store, objectStore, close } = await openDeadLetters(t.testdir())
  t.teardown(close)
  const redrive = async () => {
    throw new Error('redriven')
  }
  const app = await startTestApp(t, { deps: { deadLetters: { store, redrive } } })
  await keep({ deadLetters: store }, 'topic', '{}')
  const { objects } = await objectStore.list('errors/')
  await objectStore.remove(objects.map(({ key }) => key))
  const [letter] = (await app.get('/dead-letters', operator)).json().deadLetters
  t.match(letter, { payload: '', reason: /vin is missing \(its payload is gone/ })
  const refused = await app.get(`/dead-letters/${letter.id}/redrive`, post)
  t.equal(refused.statusCode, 409)
  t.match(refused.json().detail, /its payload is gone/)
})

t.test('an unknown id is 404', async (t) => {
  const { get } = await startTestApp(t)
  t.equal((await get('/dead-letters/nope', operator)).statusCode, 404)
  t.equal((await get('/dead-letters/nope/redrive', post)).statusCode, 404)
})
