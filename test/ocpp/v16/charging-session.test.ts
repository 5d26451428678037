import t from 'tap'
import type { OCPP16 } from 'typed-ocpp'
import { createChargingWorld, NOW } from '../../helpers/charging-world.ts'
import { createStation, faultOf, type Station } from './station.ts'

const world = await createChargingWorld(t)
const AT = '2026-04-06T09:59:30.000Z'
const HOUR = 3_600_000

let uids = 0
/** A token that nothing else here uses. */
async function token(values: Parameters<typeof world.putToken>[1] = {}): Promise<string> {
  uids += 1
  const uid = `TAG-${uids}`
  await world.putToken(uid, values)
  return uid
}

const authorize = async (station: Station, idTag: string) =>
  (await station.call<OCPP16.AuthorizeResponse>('Authorize', { idTag })).idTagInfo

const start = (station: Station, idTag: string, values: object = {}) =>
  station.call<OCPP16.StartTransactionResponse>('StartTransaction', {
    connectorId: 1,
    idTag,
    meterStart: 1000,
    timestamp: AT,
    ...values,
  })

const stop = (station: Station, transactionId: number, values: object = {}) =>
  station.call<OCPP16.StopTransactionResponse>('StopTransaction', {
    transactionId,
    meterStop: 5000,
    timestamp: '2026-04-06T10:00:00Z',
    ...values,
  })

const find = ({ session }: Station, number: number) =>
  world.stores.transactions.find(`${session.id}/${number}`)

t.test('1.6 Authorize: who is known is accepted, with group and expiry', async (t) => {
  const station = await createStation(world)
  const idTag = await token({ groupId: 'FAMILY', expiresAt: NOW + HOUR })
  t.strictSame(await authorize(station, idTag), {
    status: 'Accepted',
    parentIdTag: 'FAMILY',
    expiryDate: '2026-04-06T11:00:00.000Z',
  })
  t.strictSame(
    await authorize(station, idTag.toLowerCase()),
    await authorize(station, idTag),
    'CiString',
  )
})

t.test('1.6 Authorize: who may not charge is told why', async (t) => {
  const station = await createStation(world)
  const blocked = await token({ isBlocked: true, expiresAt: NOW - 1 })
  const expired = await token({ expiresAt: NOW })
  t.equal((await authorize(station, blocked)).status, 'Blocked')
  t.equal((await authorize(station, expired)).status, 'Expired')
  t.strictSame(await authorize(station, 'NOBODY'), { status: 'Invalid' })
})

t.test('1.6 Authorize: that it is busy is said when another one begins (§7.2)', async (t) => {
  const [here, there] = [await createStation(world), await createStation(world)]
  const idTag = await token()
  const forgotten = await start(here, idTag)
  t.equal((await authorize(there, idTag)).status, 'Accepted')
  const elsewhere = await start(there, idTag)
  t.equal(elsewhere.idTagInfo.status, 'ConcurrentTx')
  await stop(there, elsewhere.transactionId)
  // Its end was never told: nobody is kept from charging there again.
  t.equal((await authorize(here, idTag)).status, 'Accepted')
  const again = await start(here, idTag, { timestamp: '2026-04-06T09:59:40Z' })
  t.equal(again.idTagInfo.status, 'Accepted')
  t.match(await find(here, forgotten.transactionId), { state: 'lost' })
})

t.test('1.6 Authorize: a group that has no room on the wire is left out', async (t) => {
  const station = await createStation(world)
  const idTag = await token({ groupId: 'a group of 1.6 is not that long' })
  t.strictSame(await authorize(station, idTag), { status: 'Accepted' })
})

t.test('1.6 Authorize: bad input', async (t) => {
  t.match(faultOf('Request', 'Authorize', {}), /^occurrence/)
  t.match(faultOf('Request', 'Authorize', { idTag: 'x'.repeat(21) }), /^property/)
  t.match(faultOf('Request', 'Authorize', { idTag: 1 }), /^type/)
})

t.test('1.6 StartTransaction: it has a number, and is what was told', async (t) => {
  const station = await createStation(world)
  const idTag = await token({ groupId: 'FAMILY' })
  const answer = await start(station, idTag, { reservationId: 7, connectorId: 2 })
  t.strictSame(answer.idTagInfo, { status: 'Accepted', parentIdTag: 'FAMILY' })
  t.match(await find(station, answer.transactionId), {
    chargePointId: station.session.id,
    evseId: 2,
    connectorId: 2,
    number: answer.transactionId,
    tokenUid: idTag,
    tokenGroupId: 'FAMILY',
    startedAt: Date.parse(AT),
    meterStartWh: 1000,
    reservationId: 7,
    stoppedAt: undefined,
  })
})

t.test('1.6 StartTransaction: told again, also days later, it is the same', async (t) => {
  const station = await createStation(world)
  const idTag = await token()
  const first = await start(station, idTag)
  t.strictSame(await start(station, idTag), first, 'while it runs')
  await stop(station, first.transactionId)
  t.strictSame(await start(station, idTag), first, 'when it is over')
  const other = await start(station, idTag, { timestamp: '2026-04-06T09:59:31Z' })
  t.not(other.transactionId, first.transactionId, 'a second later it is another one')
})

t.test('1.6 StartTransaction: it has started, whatever its tag is worth', async (t) => {
  const station = await createStation(world)
  const blocked = await start(station, await token({ isBlocked: true }))
  t.equal(blocked.idTagInfo.status, 'Blocked')
  const unknown = await start(station, 'NOBODY', { connectorId: 2 })
  t.strictSame(unknown.idTagInfo, { status: 'Invalid' })
  t.ok(await find(station, blocked.transactionId))
  t.ok(await find(station, unknown.transactionId))
  t.equal((await world.stores.transactions.listOpen(station.session.id)).length, 2)
})

t.test('1.6 StartTransaction: one too many of a token is told so, and there', async (t) => {
  const [here, there] = [await createStation(world), await createStation(world)]
  const idTag = await token()
  t.equal((await start(here, idTag)).idTagInfo.status, 'Accepted')
  const second = await start(there, idTag)
  t.equal(second.idTagInfo.status, 'ConcurrentTx')
  t.ok(await find(there, second.transactionId))
})

t.test('1.6 StartTransaction: bad input', async (t) => {
  const request = { connectorId: 1, idTag: 'A', meterStart: 0, timestamp: AT }
  const fault = (values: object) =>
    faultOf('Request', 'StartTransaction', { ...request, ...values })
  t.equal(fault({}), undefined)
  t.match(fault({ timestamp: 'yesterday' }), /^property/)
  t.match(fault({ meterStart: 1.5 }), /^type/)
  t.match(fault({ idTag: undefined }), /^(occurrence|type)/)
})

t.test('1.6 StartTransaction: a clock that was never set is no reason to lose it', async (t) => {
  const station = await createStation(world)
  const { transactionId } = await start(station, await token(), {
    timestamp: '0001-01-01T00:00:00Z',
  })
  t.equal((await find(station, transactionId))?.startedAt, 0)
})

t.test('1.6 StopTransaction: with its meter values, by the tag that started it', async (t) => {
  const station = await createStation(world)
  const idTag = await token()
  const { transactionId } = await start(station, idTag)
  const answer = await stop(station, transactionId, {
    idTag,
    reason: 'EVDisconnected',
    transactionData: [{ timestamp: AT, sampledValue: [{ value: '4999.5' }] }],
  })
  t.strictSame(
    answer,
    { idTagInfo: { status: 'Accepted' } },
    'its own transaction is not one too many',
  )
  t.match(await find(station, transactionId), {
    stoppedAt: NOW,
    meterStopWh: 5000,
    stopReason: 'EVDisconnected',
  })
  const readings = await world.stores.transactions.readings({
    transactionId: `${station.session.id}/${transactionId}`,
    limit: 10,
  })
  t.match(readings, [{ at: Date.parse(AT), samples: [{ value: 4999.5 }] }])
})

t.test(
  '1.6 StopTransaction: without a tag nothing is said of one; Local if no reason',
  async (t) => {
    const station = await createStation(world)
    const { transactionId } = await start(station, await token())
    t.strictSame(await stop(station, transactionId), {})
    t.equal((await find(station, transactionId))?.stopReason, 'Local')
  },
)

t.test('1.6 StopTransaction: by another tag, what that one is worth', async (t) => {
  const station = await createStation(world)
  const owner = await token({ groupId: 'FAMILY' })
  const partner = await token({ groupId: 'FAMILY' })
  const blocked = await token({ groupId: 'FAMILY', isBlocked: true })
  const { transactionId } = await start(station, owner)
  const infoOf = async (idTag: string) => (await stop(station, transactionId, { idTag })).idTagInfo
  t.strictSame(await infoOf(partner), { status: 'Accepted', parentIdTag: 'FAMILY' })
  t.equal((await infoOf(blocked))?.status, 'Blocked')
  t.strictSame(await infoOf('NOBODY'), { status: 'Invalid' })
  t.strictSame(
    await infoOf(await token()),
    { status: 'Accepted' },
    'the charge point keeps in its cache what is said of a tag, which is as good as before',
  )
})

t.test('1.6 StopTransaction: one that charges elsewhere may stop here', async (t) => {
  const [here, there] = [await createStation(world), await createStation(world)]
  const idTag = await token()
  const { transactionId } = await start(here, idTag)
  await start(there, idTag)
  t.strictSame(await stop(here, transactionId, { idTag }), { idTagInfo: { status: 'Accepted' } })
})

t.test('1.6 StopTransaction: told again it changes nothing', async (t) => {
  const station = await createStation(world)
  const idTag = await token()
  const { transactionId } = await start(station, idTag)
  const answer = await stop(station, transactionId, { idTag })
  t.strictSame(await stop(station, transactionId, { idTag, meterStop: 9999 }), answer)
  t.equal((await find(station, transactionId))?.meterStopWh, 5000)
})

t.test('1.6 StopTransaction: one that nobody knows is kept, and answered', async (t) => {
  const [station, other] = [await createStation(world), await createStation(world)]
  const idTag = await token()
  const { transactionId } = await start(other, idTag)
  const request = {
    idTag,
    transactionData: [{ timestamp: AT, sampledValue: [{ value: '12' }] }],
  }
  const answer = await stop(station, transactionId, request)
  t.strictSame(answer, { idTagInfo: { status: 'Accepted' } })
  t.strictSame(await stop(station, transactionId, request), answer, 'also when told again')
  t.equal((await find(other, transactionId))?.stoppedAt, undefined, 'it is of another charge point')
  const orphans = await world.stores.records.list({
    chargePointId: station.session.id,
    kind: 'orphan',
    limit: 10,
  })
  t.equal(orphans.length, 1)
  t.match(orphans[0], {
    at: NOW,
    document: { number: transactionId, meterStopWh: 5000, readings: [{ at: Date.parse(AT) }] },
  })
})

t.test('1.6 StopTransaction: bad input', async (t) => {
  const request = { transactionId: 1, meterStop: 5, timestamp: AT }
  const fault = (values: object) => faultOf('Request', 'StopTransaction', { ...request, ...values })
  t.equal(fault({}), undefined)
  t.match(fault({ reason: 'Bored' }), /^property/)
  t.match(fault({ transactionId: '1' }), /^type/)
  t.match(faultOf('Request', 'StopTransaction', { transactionId: 1 }), /^occurrence/)
})
