import t from 'tap'
import { createConfig } from '../../src/config/config.ts'
import { ConfigurationError, readEnv } from '../../src/config/env.ts'

const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/123456789012/fleet'

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    createConfig(readEnv({ AWS_REGION: 'eu-west-1', ...env }))
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}

t.test('all queues together hold no more than may wait for a write', async (t) => {
  const one = { TELEMETRY_FEED: 'sqs', TELEMETRY_QUEUE_URL: QUEUE, WRITE_QUEUE_MAX: '12000' }
  t.same(problemsOf({ ...one, SQS_IN_FLIGHT_MAX: '12000' }), [])
  t.match(problemsOf({ ...one, SQS_IN_FLIGHT_MAX: '12001' }), [
    /TELEMETRY_QUEUE_URL .*1 × 12001 = 12001.* WRITE_QUEUE_MAX \(12000\)/,
  ])
  const three = { ...one, ANOMALY_QUEUE_URL: `${QUEUE}2`, RULE_ERROR_QUEUE_URL: `${QUEUE}3` }
  t.same(problemsOf({ ...three, SQS_IN_FLIGHT_MAX: '4000' }), [])
  t.match(problemsOf(three), [/3 × 5000 = 15000/])
  t.same(problemsOf({ SQS_IN_FLIGHT_MAX: '100000' }), [], 'no queue, no limit')
})

t.test('the bytes in flight reach the queues', async (t) => {
  const env = { TELEMETRY_FEED: 'sqs', TELEMETRY_QUEUE_URL: QUEUE, AWS_REGION: 'eu-west-1' }
  t.match(createConfig(readEnv(env)).telemetryFeed, { inFlightMaxBytes: 64_000_000 })
  t.match(createConfig(readEnv({ ...env, SQS_IN_FLIGHT_MAX_MB: '11' })).telemetryFeed, {
    inFlightMaxBytes: 11_000_000,
  })
})

t.test('how many messages a receive may bring reaches all queues', async (t) => {
  const env = {
    ...{ AWS_REGION: 'eu-west-1', TELEMETRY_FEED: 'sqs', TELEMETRY_QUEUE_URL: QUEUE },
    ...{ ANOMALY_QUEUE_URL: `${QUEUE}-2`, RULE_ERROR_QUEUE_URL: `${QUEUE}-3` },
    SUBMISSION_QUEUE_URL: `${QUEUE}-4`,
  }
  for (const [given, receiveMax] of [
    [{}, 10],
    [{ SQS_RECEIVE_MAX: '1' }, 1],
  ] as const) {
    const { telemetryFeed, anomalyQueue, ruleErrorQueue, pipelines } = createConfig(
      readEnv({ ...env, ...given }),
    )
    const queues = [telemetryFeed, anomalyQueue, ruleErrorQueue, pipelines.submissionQueue]
    t.match(queues, Array(4).fill({ receiveMax }))
  }
  const embedded = readEnv({ SUBMISSION_QUEUE: 'embedded', SQS_RECEIVE_MAX: '2' })
  t.match(createConfig(embedded).pipelines.submissionQueue, { receiveMax: 2 })
  for (const SQS_RECEIVE_MAX of ['0', '11', '2.5']) {
    t.match(problemsOf({ SQS_RECEIVE_MAX }), [
      /SQS_RECEIVE_MAX=.* must be a whole number from 1 to 10/,
    ])
  }
})

t.test('the queue of submissions is chosen by its URL, or by name', async (t) => {
  const adapter = (env: Record<string, string>) =>
    createConfig(readEnv({ AWS_REGION: 'eu-west-1', ...env })).pipelines.submissionQueue?.adapter
  const url = { SUBMISSION_QUEUE_URL: QUEUE }
  t.equal(adapter({}), undefined)
  t.equal(adapter(url), 'sqs')
  t.equal(adapter({ ...url, SUBMISSION_QUEUE: 'sqs' }), 'sqs')
  t.equal(adapter({ ...url, SUBMISSION_QUEUE: 'off' }), undefined)
  t.equal(adapter({ ...url, SUBMISSION_QUEUE: 'embedded' }), 'embedded')
  t.same(problemsOf({ SUBMISSION_QUEUE: 'sqs' }), [
    'SUBMISSION_QUEUE_URL is needed with SUBMISSION_QUEUE=sqs',
  ])
  const embedded = { SUBMISSION_QUEUE: 'embedded', DATA_DIR: '/data', SQS_VISIBILITY_S: '10' }
  t.match(createConfig(readEnv(embedded)).pipelines.submissionQueue, {
    ...{ folder: '/data/queue', port: 9324, sizeMaxBytes: 100_000_000, visibilityMs: 10_000 },
  })
})

t.test('no queue is read twice, nor takes what is rejected of itself', async (t) => {
  const sensors = { SUBMISSION_QUEUE_URL: QUEUE }
  for (const same of [QUEUE, `${QUEUE}/`, QUEUE.replace('https', 'http')]) {
    t.same(problemsOf({ ...sensors, SUBMISSION_DIAGNOSTIC_QUEUE_URL: same }), [
      'SUBMISSION_DIAGNOSTIC_QUEUE_URL is the same queue as that of SUBMISSION_QUEUE_URL: each needs one of its own',
    ])
  }
  t.same(problemsOf({ ...sensors, SUBMISSION_DIAGNOSTIC_QUEUE_URL: `${QUEUE}-bad` }), [])
  const all = { TELEMETRY_FEED: 'sqs', TELEMETRY_QUEUE_URL: QUEUE, ANOMALY_QUEUE_URL: QUEUE }
  t.match(problemsOf({ ...all, RULE_ERROR_QUEUE_URL: QUEUE, WRITE_QUEUE_MAX: '15000' }), [
    /^ANOMALY_QUEUE_URL is the same queue as that of TELEMETRY_QUEUE_URL:/,
    /^RULE_ERROR_QUEUE_URL is the same queue as that of TELEMETRY_QUEUE_URL:/,
  ])
  t.same(problemsOf({ ANOMALY_QUEUE_URL: QUEUE, TELEMETRY_QUEUE_URL: QUEUE }), [], 'read by one')
})

t.test('the embedded queue is none for diagnostics, however it is written', async (t) => {
  const embedded = { SUBMISSION_QUEUE: 'embedded', SUBMISSION_QUEUE_PORT: '9333' }
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    for (const path of ['000000000000/submissions', '000000000000/submissions/']) {
      const url = `http://${host}:9333/${path}`
      t.match(problemsOf({ ...embedded, SUBMISSION_DIAGNOSTIC_QUEUE_URL: url }), [
        /^SUBMISSION_DIAGNOSTIC_QUEUE_URL is the same queue as that of SUBMISSION_QUEUE=embedded/,
      ])
    }
  }
  const other = 'http://127.0.0.1:9334/000000000000/submissions'
  t.same(problemsOf({ ...embedded, SUBMISSION_DIAGNOSTIC_QUEUE_URL: other }), [])
})

t.test('a URL that isn’t read asks for no region', async (t) => {
  for (const SUBMISSION_QUEUE of ['embedded', 'off']) {
    t.same(problemsOf({ SUBMISSION_QUEUE, SUBMISSION_QUEUE_URL: QUEUE, AWS_REGION: '' }), [])
  }
  t.match(problemsOf({ SUBMISSION_QUEUE_URL: QUEUE, AWS_REGION: '' }), [/^AWS_REGION is needed/])
})

for (const name of [
  'SUBMISSION_QUEUE_URL',
  'SUBMISSION_DIAGNOSTIC_QUEUE_URL',
  'TELEMETRY_QUEUE_URL',
  'ANOMALY_QUEUE_URL',
  'RULE_ERROR_QUEUE_URL',
  'AWS_ENDPOINT_URL',
]) {
  t.test(`${name} with a password is refused and not shown`, async (t) => {
    for (const userInfo of ['someone:hunter2', 'someone', ':hunter2']) {
      const problems = problemsOf({ [name]: `http://${userInfo}@sqs.example:4566/1/fleet` })
      t.equal(problems.length, 1)
      t.match(problems[0], new RegExp(`^${name} must not hold a user name or password: `))
      t.notMatch(problems[0], /someone|hunter2|sqs\.example/)
    }
  })
}
