import t from 'tap'
import {
  Connection,
  type ConnectionOptions,
} from '../../src/adapters/telemetry-feed/mqtt/connection.ts'
import { openClients } from '../../src/adapters/telemetry-feed/mqtt/open-clients.ts'
import { Takeovers } from '../../src/adapters/telemetry-feed/mqtt/takeovers.ts'
import { startLimitedBroker } from '../helpers/limited-broker.ts'
import { MQTT_CLIENTS, mqttFeedConfig } from '../helpers/mqtt-feed.ts'

for (const client of MQTT_CLIENTS) {
  t.test(`a session that can’t be ended now is not taken for ended: ${client}`, async (t) => {
    const broker = await startLimitedBroker(t)
    const makeClient = await openClients(mqttFeedConfig(broker.url, { client }))
    const connect = (own: Pick<ConnectionOptions, 'deliver'> & Partial<ConnectionOptions>) => {
      const connection = new Connection({
        ...{ clientId: 'one', makeClient, filters: ['topic'] },
        ...{ unacknowledgedMax: 10, holdBudget: { leftBytes: 0 }, now: Date.now },
        ...{ onReady: () => undefined, onFailed: () => undefined, onReopened: () => undefined },
        ...own,
      })
      t.after(() => connection.close())
      connection.open()
      return connection
    }
    broker.publish('topic', 'message')
    const isEnded = await new Promise((resolve) => {
      const connection = connect({
        deliver: (message) => message.refuse('not now'),
        onReopened: () => resolve(connection.close({ endsSession: true })),
      })
    })
    t.equal(isEnded, false, 'it was being opened anew')
    t.equal(broker.waiting(), 1)
    const isEndedNow = await new Promise((resolve) => {
      const connection = connect({
        deliver: (message) => {
          message.acknowledge()
          resolve(connection.close({ endsSession: true }))
        },
      })
    })
    t.equal(isEndedNow, true)
    t.equal(broker.waiting(), 0)
  })
}

t.test('what tells that another process uses the client id', async (t) => {
  const hangUp = { text: 'closed', isFinal: false, cause: 'hung-up' } as const
  const tell = (livedMs: readonly number[]) => {
    const takeovers = new Takeovers()
    return livedMs.map((ms) => {
      const { text, isTakenOver = false } = takeovers.judge(hangUp, ms)
      return `${isTakenOver}${text === 'closed' ? '' : ' and told'}`
    })
  }
  t.strictSame(tell([1000, 3000, 9000]), ['false', 'true', 'true and told'])
  t.strictSame(tell([100_000, 3000]), ['false', 'false'], 'a broker that restarts')
  t.strictSame(tell([1000, 1000, 70_000, 1000]).at(-1), 'false', 'a broker that restarts later')
  t.strictSame(tell([1000, 1000, 1000, 20_000]).at(-1), 'true and told', 'waits have grown')
  const takeovers = new Takeovers()
  takeovers.judge(hangUp, 1000)
  takeovers.reset()
  t.notOk(takeovers.judge(hangUp, 1000).isTakenOver, 'a broker that comes and goes')
  const told = takeovers.judge({ ...hangUp, cause: 'taken-over' }, 100_000)
  t.ok(told.isTakenOver, 'the broker says so')
})
