import t from 'tap'
import { until } from '../../helpers/until.ts'
import { startRemotely, startStation, VERSIONS } from './stations.ts'
import { type Received, startCsms } from './stub-csms.ts'

const TRANSACTION_ACTIONS = [
  'StartTransaction',
  'MeterValues',
  'StopTransaction',
  'TransactionEvent',
]

for (const protocol of VERSIONS) {
  t.test(
    `${protocol}: what happened offline is told afterwards, all of it and in order`,
    async (t) => {
      const csms = await startCsms(t)
      const rates = { sessionsPerHour: 60, faultRate: 0, offlineRate: 1 }
      const { id, station, counts } = startStation(t, csms.url, {
        protocol,
        rates,
        speed: 2000,
        evseCount: 1,
      })
      await until(() => station.queue.size > 0 && !station.connection.isOpen)
      const queuedBefore = csms.of(id, ...TRANSACTION_ACTIONS).length
      await until(() => counts.reconnects >= 2 && counts.sessionsEnded >= 2)
      await until(() => station.queue.size === 0)
      const told = leaveOutRepeated(csms.of(id, ...TRANSACTION_ACTIONS))
      t.ok(told.length > queuedBefore)
      t.same(csms.faults, [])
      t.equal(csms.of(id, 'BootNotification').length, 1, 'it does not boot again')
      const stamps = told.map(({ payload }) => Date.parse(payload.timestamp ?? readStamp(payload)))
      t.ok(isAscending(stamps), 'in the order in which it happened')
      if (protocol === 'ocpp1.6') checkSessions16(t, told)
      else checkSessions201(t, told)
    },
  )

  t.test(`${protocol}: refused or cut off, it comes again with the same content`, async (t) => {
    const csms = await startCsms(t)
    const action = protocol === 'ocpp1.6' ? 'StartTransaction' : 'TransactionEvent'
    let attempts = 0
    csms.answer(action, (_payload, { stationId }) => {
      attempts++
      if (attempts === 1) return { fault: 'InternalError' }
      if (attempts === 2) {
        csms.cut(stationId)
        return 'silence'
      }
      return protocol === 'ocpp1.6' ? { transactionId: 5, idTagInfo: { status: 'Accepted' } } : {}
    })
    const { id, station, counts } = startStation(t, csms.url, { protocol })
    await until(() => station.isOnline)
    const names = [
      'TransactionMessageRetryInterval',
      'OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]',
    ]
    for (const name of names) station.settings.change(name, '0')
    t.match(await startRemotely(csms, id, protocol), { status: 'Accepted' })
    await until(() => attempts >= 3)
    await until(() => station.queue.size === 0)
    const [first, second, third] = csms.of(id, action)
    t.same(second?.payload, first?.payload)
    t.same(third?.payload, first?.payload)
    t.ok(new Set([first, second, third].map((call) => call?.messageId)).size === 3)
    t.ok((third?.connection ?? 0) > (second?.connection ?? 0))
    t.equal(counts.messagesLost, 0)
    t.same(csms.faults, [])
  })

  t.test(
    `${protocol}: after all its attempts a message is given up, and the next one sent`,
    async (t) => {
      const csms = await startCsms(t)
      const [start, stop] =
        protocol === 'ocpp1.6'
          ? ['StartTransaction', 'StopTransaction']
          : ['TransactionEvent', 'TransactionEvent']
      csms.answer(start as string, ({ eventType }) =>
        eventType === undefined || eventType === 'Started' ? { fault: 'InternalError' } : {},
      )
      const { id, station, counts } = startStation(t, csms.url, { protocol })
      await until(() => station.isOnline)
      const names = [
        'TransactionMessageRetryInterval',
        'OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]',
      ]
      for (const name of names) station.settings.change(name, '0')
      t.match(await startRemotely(csms, id, protocol), { status: 'Accepted' })
      await until(() => counts.messagesLost === 1)
      station.evses[0]?.stop('local')
      await csms.waitFor(id, stop as string, ({ eventType }) => eventType !== 'Started')
      t.equal(
        csms.of(id, start as string).filter(({ payload }) => payload.eventType !== 'Updated')
          .length >= 3,
        true,
      )
      t.same(csms.faults, [])
    },
  )
}

/** Each StopTransaction and MeterValues has the number that its StartTransaction was answered with. */
function checkSessions16(t: any, told: readonly Received[]): void {
  let number = 100
  let isRunning = false
  for (const { action, payload } of told) {
    if (action === 'StartTransaction') {
      number++
      t.notOk(isRunning)
      isRunning = true
    } else {
      t.ok(isRunning)
      t.equal(payload.transactionId, number, action)
      if (action === 'StopTransaction') isRunning = false
    }
  }
}

function checkSessions201(t: any, told: readonly Received[]): void {
  const events = told.map(({ payload }) => payload)
  t.ok(events.some(({ offline }) => offline === true))
  for (const id of new Set(events.map(({ transactionInfo }) => transactionInfo.transactionId))) {
    const own = events.filter(({ transactionInfo }) => transactionInfo.transactionId === id)
    t.same(
      own.map(({ seqNo }) => seqNo),
      own.map((_, index) => index),
    )
    t.equal(own[0].eventType, 'Started')
  }
}

/** What was on its way when the connection broke comes twice. */
function leaveOutRepeated(calls: readonly Received[]): Received[] {
  return calls.filter(({ payload, connection }, index) => {
    const before = calls[index - 1]
    const isSame = JSON.stringify(before?.payload) === JSON.stringify(payload)
    return !isSame || before?.connection === connection
  })
}

function readStamp(payload: any): string {
  return payload.meterValue[0].timestamp
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value >= (values[index - 1] ?? value))
}
