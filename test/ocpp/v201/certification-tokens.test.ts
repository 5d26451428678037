import t from 'tap'
import {
  ACCEPTED,
  authorize,
  authorized,
  charging,
  disconnected,
  ENERGY_TRANSFER,
  finish,
  PLACE,
  POST_SESSION,
  plugged,
  type Step,
  state,
  step,
  stopped,
  tell,
  token,
  transactionOf,
  VALID,
} from './session.ts'
import { compose, createWorld, read } from './station.ts'

// The cases of the certification about who may charge, and about starting and stopping by us.

const world = await createWorld(t)
for (const uid of ['VALID', 'VALID2']) await world.putToken(uid, { groupId: 'GROUP' })
await world.putToken('MASTER', { groupId: 'MASTERPASS' })

t.test('TC_C_08 TC_C_20 a token from the cache is looked at once more', async (t) => {
  const station = await world.station()
  const answers = await tell(station, [
    plugged,
    authorized,
    step('Updated', 'Authorized', token('NOBODY')),
  ])
  t.match(answers, [{}, ACCEPTED, { idTokenInfo: { status: 'Unknown' } }])
  await finish(station)
})

t.test('TC_C_39 whoever is of the group may end it', async (t) => {
  const station = await world.station()
  const group = { idTokenInfo: { status: 'Accepted', groupIdToken: { idToken: 'GROUP' } } }
  t.match(await authorize(station, 'VALID2'), group)
  const stop = step('Updated', 'StopAuthorized', token('VALID2'))
  const [, first, , second] = await tell(station, [...ENERGY_TRANSFER, stop])
  t.match(first, group)
  t.match(await authorize(station, 'VALID2'), group)
  t.match(second, group)
  t.match(await transactionOf(station), { tokenUid: 'VALID', tokenGroupId: 'GROUP' })
  await finish(station)
})

t.test('TC_C_47 TC_C_48 a master pass ends what others have started', async (t) => {
  const station = await world.station()
  const master = { idTokenInfo: { status: 'Accepted', groupIdToken: { idToken: 'MASTERPASS' } } }
  t.match(await authorize(station, 'MASTER'), master)
  const end = step('Ended', 'StopAuthorized', { ...token('MASTER'), ...stopped('MasterPass') })
  const [, , , answer] = await tell(station, [...ENERGY_TRANSFER, end])
  t.match(answer, master)
  t.match(await transactionOf(station), { tokenUid: 'VALID', stopReason: 'MasterPass' })
})

t.test('TC_C_49 a master pass ends all there are, each by its own token', async (t) => {
  const station = await world.station()
  t.match(await authorize(station, 'MASTER'), ACCEPTED)
  for (const uid of ['VALID', 'VALID2']) {
    const start = step('Started', 'Authorized', token(uid))
    const end = step('Ended', 'StopAuthorized', { ...token(uid), ...stopped('MasterPass') })
    t.match(await tell(station, [start, end], uid), [ACCEPTED, ACCEPTED])
    t.match(await transactionOf(station, uid), { stopReason: 'MasterPass' })
  }
})

t.test('TC_E_16 a token that nobody knows is told so, and the station ends it', async (t) => {
  const station = await world.station()
  const start = step('Started', 'Authorized', token('NOBODY'))
  const end = step('Ended', 'Deauthorized', stopped('DeAuthorized'))
  t.match(await tell(station, [start, end]), [{ idTokenInfo: { status: 'Unknown' } }, {}])
  t.match(await transactionOf(station), { stopReason: 'DeAuthorized' })
})

t.test('TC_E_53 each transaction may count from 0', async (t) => {
  const station = await world.station()
  for (const id of ['TX-1', 'TX-2']) {
    await tell(station, [...POST_SESSION, disconnected()], id)
    t.match(await transactionOf(station, id), { stopReason: 'EVDisconnected' })
  }
})

t.test('TC_P_03 custom data is no obstacle', async (t) => {
  const station = await world.station()
  const customData = { vendorId: 'com.example', more: 1 }
  const start = step('Started', 'CablePluggedIn', { transactionInfo: { customData } })
  t.same(await tell(station, [{ ...start, more: { ...start.more, ...{ customData } } }]), [{}])
})

const REMOTE_START = { evseId: 1, tokenUid: 'VALID', remoteStartId: 815 }
const remoteStart = (event: Step['event']) =>
  step(event, 'RemoteStart', { ...VALID, transactionInfo: { remoteStartId: 815 } })
const REMOTE_CASES = [
  {
    title: 'TC_F_01 started by us, the cable first',
    answer: { status: 'Accepted', transactionId: 'TX-1' },
    steps: [plugged, remoteStart('Updated'), charging],
  },
  {
    title: 'TC_F_02 started by us, and the station asks for the token',
    answer: { status: 'Accepted' },
    steps: [
      remoteStart('Started'),
      step('Updated', 'CablePluggedIn', { ...PLACE, ...state('EVConnected') }),
      charging,
    ],
    asks: true,
  },
  {
    title: 'TC_F_03 started by us, then the cable',
    answer: { status: 'Accepted' },
    steps: [remoteStart('Started'), step('Updated', 'CablePluggedIn', PLACE), charging],
  },
  {
    title: 'TC_F_04 started by us, and nobody comes',
    answer: { status: 'Accepted' },
    steps: [remoteStart('Started'), step('Updated', 'EVConnectTimeout')],
  },
]

for (const { title, answer, steps, asks = false } of REMOTE_CASES) {
  t.test(title, async (t) => {
    const station = await world.station()
    t.match(compose('RequestStartTransaction', REMOTE_START), VALID)
    t.match(read('RequestStartTransaction', answer), { state: 'accepted' })
    if (asks) t.match(await authorize(station, 'VALID'), ACCEPTED)
    await tell(station, steps)
    t.match(await transactionOf(station), { remoteStartId: 815, tokenUid: 'VALID' })
    await finish(station)
  })
}

t.test('TC_E_21 stopped by us', async (t) => {
  const station = await world.station()
  await tell(station, ENERGY_TRANSFER)
  t.same(compose('RequestStopTransaction', { transactionId: `${station.id}/TX-1` }), {
    transactionId: 'TX-1',
  })
  t.match(read('RequestStopTransaction', { status: 'Accepted' }), { state: 'accepted' })
  await tell(station, [...ENERGY_TRANSFER, step('Ended', 'RemoteStop', stopped('Remote'))])
  t.match(await transactionOf(station), { stopReason: 'Remote' })
})
