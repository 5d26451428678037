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
  const three = { ...one, ANOMALY_QUEUE_URL: QUEUE, RULE_ERROR_QUEUE_URL: QUEUE }
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
