import { pino } from 'pino'
import t, { type Test } from 'tap'
import { createConfig } from '../src/config/config.ts'
import { readEnv } from '../src/config/env.ts'
import { systemClock } from '../src/domain/clock.ts'
import { createKeys } from '../src/http/auth.ts'
import { createMetrics } from '../src/http/metrics.ts'
import { observeAdapters } from '../src/observe-adapters.ts'

function startObserving(t: Test) {
  const lines: object[] = []
  const logger = pino({}, { write: (line) => void lines.push(JSON.parse(line)) })
  const { auth } = createConfig(readEnv({ DATA_DIR: t.testdir() }))
  const keys = createKeys(auth, systemClock)
  const hooks = observeAdapters({
    ...{ metrics: createMetrics(), keys, logger, clock: systemClock },
    onWaiting: () => undefined,
  })
  return { hooks, lines }
}

t.test('a topic that nothing reads is told, a flood of them in few lines', async (t) => {
  const { hooks, lines } = startObserving(t)
  for (let number = 0; number < 1000; number += 1) {
    hooks.broker.onUnread('dt/cvar/ECU-1/cardata')
    hooks.broker.onUnread(`some/where/${number}`)
  }
  t.match(lines[0], { level: 40, topic: 'dt/cvar/ECU-1/cardata', msg: /nothing reads this topic/ })
  t.ok(lines.length <= 11, `${lines.length} lines`)
})

t.test('a broker that is away is one line, however many connections lost it', async (t) => {
  const { hooks, lines } = startObserving(t)
  for (let number = 0; number < 1000; number += 1) {
    hooks.broker.onRejected(`client-${number}`, `no token ${number}`)
  }
  lines.length = 0
  for (let number = 0; number < 10; number += 1) {
    hooks.mqtt.onFailed(`fleetgrid-0-${number}`, 'connect ECONNREFUSED 127.0.0.1:1883')
  }
  hooks.mqtt.onFailed('fleetgrid-0-3', 'not authorized')
  t.match(
    lines,
    [
      { clientId: 'fleetgrid-0-0', reason: /ECONNREFUSED/, msg: /MQTT connection failed/ },
      { clientId: 'fleetgrid-0-3', reason: 'not authorized', msg: /MQTT connection failed/ },
    ],
    'and neither another reason nor clients that are rejected are in its way',
  )
  t.equal(lines.length, 2)
})
