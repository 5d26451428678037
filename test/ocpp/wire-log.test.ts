import t from 'tap'
import { redactFrame } from '../../src/ocpp/redact-frame.ts'
import { WireLog } from '../../src/ocpp/wire-log.ts'

t.test('the last frames of a charge point, in order', async (t) => {
  const log = new WireLog(200_000)
  log.record('CP1', 'in', '[2,"1","Heartbeat",{}]', 1000)
  log.record('CP2', 'in', '[2,"9","Heartbeat",{}]', 1001)
  log.record('CP1', 'out', '[3,"1",{"ä":"€"}]', 1002)
  t.strictSame(await log.read('CP1', 10), [
    { at: 1000, direction: 'in', text: '[2,"1","Heartbeat",{}]' },
    { at: 1002, direction: 'out', text: '[3,"1",{"ä":"€"}]' },
  ])
  t.strictSame(
    (await log.read('CP1', 1)).map(({ at }) => at),
    [1002],
  )
  t.strictSame(await log.read('CP', 10), [])
  t.strictSame(await log.read('CP12', 10), [])
})

t.test('what is kept is bounded, the newest stays', async (t) => {
  const log = new WireLog(131_072)
  for (let n = 0; n < 100_000; n += 1)
    log.record(`CP${n % 7}`, 'in', `[2,"${n}","Heartbeat",{}]`, n)
  const times = (await log.read('CP3', 1_000_000)).map(({ at }) => at)
  t.ok(times.length > 100)
  t.ok(times.length < 1000)
  t.ok((times.at(-1) ?? 0) > 99_990)
  t.strictSame(
    times,
    [...times].sort((a, b) => a - b),
  )
  t.ok(
    times.every((at, index) => index === 0 || at - (times[index - 1] ?? 0) === 7),
    'no gaps',
  )
})

t.test('long frames are cut', async (t) => {
  const log = new WireLog(1_000_000)
  log.record('CP1', 'in', `"${'€'.repeat(1_000_000)}`, 1)
  t.equal((await log.read('CP1', 1))[0]?.text.length, 16_385)
})

t.test(
  'reading leaves others their turns, and what is written meanwhile changes nothing',
  async (t) => {
    const log = new WireLog(8_000_000)
    const long = JSON.stringify([2, '1', 'DataTransfer', { data: 'x,'.repeat(8000).split(',') }])
    for (let n = 0; n < 500; n += 1) log.record('CP1', 'in', long.slice(0, 16_000), n)
    let turns = 0
    const count = (): void => {
      turns += 1
      log.record('CP2', 'in', long, 0)
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    const frames = await log.read('CP1', 1000)
    clearImmediate(next)
    t.ok(turns > 5, `${turns} turns`)
    t.ok(frames.length > 200)
    t.ok(
      frames.every(({ text, at }, index) => text.length > 10 && at === index + 500 - frames.length),
    )
  },
)

t.test('listeners hear of their charge point until they leave', async (t) => {
  const log = new WireLog(100_000)
  const heard: string[] = []
  const stop = log.listen('CP1', ({ direction, text }) => heard.push(`${direction} ${text}`))
  const stopOther = log.listen('CP1', () => heard.push('other'))
  log.record('CP2', 'in', '[]', 1)
  log.record('CP1', 'in', '[2,"1","Authorize",{"idTag":"0123456789"}]', 1)
  stopOther()
  stop()
  stop()
  log.record('CP1', 'in', '[]', 1)
  t.strictSame(heard, ['in [2,"1","Authorize",{"idTag":"***6789"}]', 'other'])
})

t.test('keys, passwords and id tokens are not shown', async (t) => {
  const secret = 'Sesame-0001'
  const frames: object[] = [
    [2, '1', 'ChangeConfiguration', { key: 'AuthorizationKey', value: secret }],
    [2, '1', 'ChangeConfiguration', { value: secret, key: 'authorizationkey' }],
    [3, '1', { configurationKey: [{ key: 'AuthorizationKey', readonly: false, value: secret }] }],
    [
      2,
      '1',
      'SetVariables',
      {
        setVariableData: [
          {
            attributeValue: secret,
            component: { name: 'SecurityCtrlr' },
            variable: { name: 'BasicAuthPassword' },
          },
        ],
      },
    ],
    [
      2,
      '1',
      'SetNetworkProfile',
      {
        configurationSlot: 1,
        connectionData: {
          apn: { apn: 'x', apnPassword: secret },
          vpn: { server: 'x', password: secret, key: secret },
        },
      },
    ],
    // What no station should tell of a secret, and some do.
    [
      2,
      '1',
      'NotifyReport',
      {
        reportData: [
          { variable: { name: 'BasicAuthPassword' }, variableAttribute: [{ value: secret }] },
        ],
      },
    ],
    [
      2,
      '1',
      'NotifyEvent',
      { eventData: [{ actualValue: secret, variable: { name: 'BasicAuthPassword' } }] },
    ],
    [2, '1', 'GetDiagnostics', { location: `ftp://user:${secret}@host/path` }],
    [2, '1', 'Authorize', { idTag: secret }],
    [2, '1', 'Authorize', { idToken: { idToken: secret, type: 'ISO14443' } }],
    [2, '1', 'Authorize', { idToken: { additionalInfo: [{ additionalIdToken: secret }] } }],
    [3, '1', { idTagInfo: { status: 'Accepted', parentIdTag: secret } }],
  ]
  for (const frame of frames) {
    const text = JSON.stringify(frame)
    t.notMatch(redactFrame(text), /Sesame/, text)
    t.match(redactFrame(text), /\*\*\*/, text)
    t.notMatch(redactFrame(text.slice(0, -2)), /Sesame/, 'also if it is cut')
  }
  const pin = '[2,"1","SetNetworkProfile",{"connectionData":{"apn":{"apn":"x","simPin":4711}}}]'
  for (const text of [pin, pin.slice(0, -4)]) t.notMatch(redactFrame(text), /4711/, text)
  const harmless = '[2,"1","ChangeConfiguration",{"key":"HeartbeatInterval","value":"300"}]'
  t.equal(redactFrame(harmless), harmless)
})
