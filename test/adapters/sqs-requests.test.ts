import t from 'tap'
import { type BatchAnswer, BatchRequests } from '../../src/adapters/sqs/batch-requests.ts'
import { describeFailure } from '../../src/adapters/sqs/describe-failure.ts'
import { until } from '../helpers/until.ts'

const DONE: BatchAnswer = { hopeless: [], retry: [], cause: '' }

function setUp(answers: (BatchAnswer | Error)[], concurrency = 1) {
  const sent: (readonly number[])[] = []
  const settled = new Map<number, string | undefined>()
  const pauses: number[] = []
  const unwanted = new Set<number>()
  let recoveries = 0
  const requests = new BatchRequests<number>({
    async send(items) {
      sent.push(items)
      const answer = answers.shift() ?? DONE
      if (answer instanceof Error) throw answer
      return answer
    },
    isWanted: (item) => !unwanted.has(item),
    settle: (item, fault) => settled.set(item, fault),
    pauseMs: (_cause, attempt) => {
      pauses.push(attempt)
      return 1
    },
    onRecovered: () => {
      recoveries += 1
    },
    concurrency,
    lingerMs: 1,
  })
  const add = (count: number) => {
    for (let item = 0; item < count; item += 1) requests.add(item)
  }
  return { requests, sent, settled, pauses, unwanted, add, recoveries: () => recoveries }
}

t.test('items go out ten at a time, the rest after a short while', async (t) => {
  const { sent, settled, add } = setUp([])
  add(23)
  await until(() => settled.size === 23)
  t.same(
    sent.map((items) => items.length),
    [10, 10, 3],
  )
})

t.test('a request that fails is repeated as a whole, parts of one in part', async (t) => {
  const partial: BatchAnswer = { hopeless: [1], retry: [0, 2], cause: 'ReceiptHandleIsInvalid' }
  const { sent, settled, pauses, add, recoveries } = setUp([new Error('away'), partial])
  add(4)
  await until(() => settled.size === 4)
  t.same(sent, [
    [0, 1, 2, 3],
    [0, 1, 2, 3],
    [0, 2],
  ])
  t.equal(settled.get(1), 'ReceiptHandleIsInvalid')
  t.same([settled.get(0), settled.get(2), settled.get(3)], [undefined, undefined, undefined])
  t.same(pauses, [1, 2], 'attempts count up')
  t.equal(recoveries(), 1)
})

t.test('what is not wanted any more is not sent', async (t) => {
  const { sent, settled, unwanted, add, requests } = setUp([])
  unwanted.add(1)
  add(3)
  await requests.drain()
  t.same(sent, [[0, 2]])
  t.notOk(settled.has(1))
})

t.test('when nothing is left of what failed, that counts as recovered', async (t) => {
  const { requests, settled, unwanted, pauses, add, recoveries } = setUp(
    Array.from({ length: 1000 }, () => new Error('away')),
  )
  add(2)
  await until(() => pauses.length >= 1)
  unwanted.add(0)
  unwanted.add(1)
  await requests.drain()
  t.equal(settled.size, 0)
  t.equal(recoveries(), 1)
})

t.test('drain waits for repetitions, abandon ends it', async (t) => {
  const { requests, settled, add } = setUp([new Error('away'), new Error('away')])
  add(2)
  await requests.drain()
  t.equal(settled.size, 2)
  const hopeless = setUp(Array.from({ length: 1000 }, () => new Error('away')))
  hopeless.add(2)
  const drained = hopeless.requests.drain()
  await until(() => hopeless.pauses.length >= 2)
  hopeless.requests.abandon()
  await drained
  t.equal(hopeless.settled.size, 0)
})

t.test('what fails after the end is not repeated', async (t) => {
  const { requests, sent, settled, pauses, add } = setUp([new Error('away')])
  add(10)
  t.equal(sent.length, 1, 'under way')
  requests.abandon()
  add(10)
  await new Promise(setImmediate)
  await requests.drain()
  t.same([sent.length, settled.size, pauses.length], [1, 0, 0])
})

t.test('which failures need a person, and what it is told', async (t) => {
  const failure = (name: string, httpStatusCode?: number) =>
    describeFailure(
      Object.assign(new Error('text'), { name, $metadata: { httpStatusCode } }),
      'https://sqs.example/queue',
      'sqs:ReceiveMessage',
    )
  const person: [name: string, status: number | undefined, advice: RegExp][] = [
    ['QueueDoesNotExist', 400, /no such queue: check its URL and AWS_REGION/],
    ['AWS.SimpleQueueService.NonExistentQueue', 400, /no such queue/],
    ['AccessDeniedException', 403, /its role needs sqs:ReceiveMessage on this queue/],
    ['Forbidden', 403, /its role needs/],
    ['CredentialsProviderError', undefined, /no valid AWS credentials/],
    ['InvalidClientTokenId', 403, /no valid AWS credentials/],
    ['ExpiredTokenException', 403, /no valid AWS credentials/],
    ['KmsAccessDenied', 400, /role needs kms:Decrypt/],
    ['InvalidAttributeValue', 400, /refuses the request/],
  ]
  for (const [name, status, advice] of person) {
    const { needsPerson, message } = failure(name, status)
    t.ok(needsPerson, name)
    t.match(message, advice)
    t.match(message, /^SQS queue https:\/\/sqs\.example\/queue: /)
  }
  const heals: [name: string, status?: number][] = [
    ['ThrottlingException', 400],
    ['RequestThrottled', 403],
    ['InternalError', 500],
    ['ServiceUnavailable', 503],
    ['TimeoutError'],
    ['Error'],
  ]
  for (const [name, status] of heals) t.notOk(failure(name, status).needsPerson, name)
  t.notOk(describeFailure('a word', 'https://q', 'x').needsPerson)
})
