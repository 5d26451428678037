import type { Test } from 'tap'
import type { ChargePointSettings, ConnectorStatus } from '../../src/domain/charge-point.ts'
import type { ChargePoints } from '../../src/ports/charge-points.ts'

export const SETTINGS: ChargePointSettings = {
  registration: 'accepted',
  securityProfileMin: 1,
  leniency: ['null-values'],
  note: 'yard, left',
}
const AT = 1_790_000_000_000
const BOOT = { vendor: 'ACME', model: 'One', firmwareVersion: '1.0' }

/** What every store of charge points must do, through the port only. */
export function chargePointsContract(t: Test, make: (t: Test) => Promise<ChargePoints>): void {
  t.test('what an operator decides', async (t) => operatorContract(t, make))
  t.test('who holds its socket', async (t) => connectionContract(t, make))
  t.test('connectors', async (t) => connectorContract(t, make))
}

function operatorContract(t: Test, make: (t: Test) => Promise<ChargePoints>): void {
  t.test('created once, changed, listed, removed with all that is known of it', async (t) => {
    const points = await make(t)
    t.equal(await points.find('A'), undefined)
    const created = [points.create('A', SETTINGS, 'hash'), points.create('A', SETTINGS, 'other')]
    t.strictSame(await Promise.all(created), [true, false])
    t.equal(await points.create('A', { ...SETTINGS, registration: 'rejected' }, undefined), false)
    t.match(await points.find('A'), { id: 'A', ...SETTINGS, keyHash: 'hash' })
    t.equal(await points.change('A', { registration: 'pending', keyHash: null }), true)
    const changed = { ...SETTINGS, registration: 'pending', keyHash: undefined, boot: undefined }
    t.match(await points.find('A'), changed)
    t.equal(await points.change('A', { note: undefined, leniency: [] }), true)
    t.match(await points.find('A'), { note: undefined, leniency: [], securityProfileMin: 1 })
    t.equal(await points.change('A', {}), true)
    await points.change('A', { nextKeyHash: 'next' })
    t.match(await points.find('A'), { keyHash: undefined, nextKeyHash: 'next' })
    await points.change('A', { keyHash: 'hash' })
    t.match(await points.find('A'), { keyHash: 'hash', nextKeyHash: undefined })
    t.equal(await points.change('B', { note: 'x' }), false)
    t.equal(await points.change('B', {}), false)
    await points.reportStatus(status({ at: AT }))
    t.equal(await points.remove('A'), true)
    t.equal(await points.remove('A'), false)
    t.equal(await points.find('A'), undefined)
    t.strictSame(await points.connectors('A'), [])
    t.strictSame(await points.statusHistory({ chargePointId: 'A', limit: 9 }), [])
  })

  t.test('pages and counts', async (t) => {
    const points = await make(t)
    const ids = ['a', 'b/c', 'd e', 'ü']
    await Promise.all(ids.map((id) => points.create(id, SETTINGS, undefined)))
    await points.connected('b/c', 'one', '1.6', AT)
    await points.connected('ü', 'one', '2.0.1', AT)
    const list = async (query: Parameters<ChargePoints['list']>[0]) =>
      (await points.list(query)).map(({ id }) => id)
    t.strictSame(await list({ limit: 2 }), ['a', 'b/c'])
    t.strictSame(await list({ limit: 2, afterId: 'b/c' }), ['d e', 'ü'])
    t.strictSame(await list({ limit: 9, isConnected: true }), ['b/c', 'ü'])
    t.strictSame(await list({ limit: 9, isConnected: false, afterId: 'a' }), ['d e'])
    t.strictSame(await points.count(), { all: 4, connected: 2 })
  })

  t.test('thousands of lookups and creations at once', async (t) => {
    const points = await make(t)
    const ids = Array.from({ length: 3000 }, (_, number) => `CP-${number}`)
    const created = await Promise.all(ids.map((id) => points.create(id, SETTINGS, undefined)))
    t.ok(created.every(Boolean))
    const found = await Promise.all([...ids, 'nobody'].map((id) => points.find(id)))
    t.strictSame(
      found.map((point) => point?.id),
      [...ids, undefined],
    )
  })
}

function connectionContract(t: Test, make: (t: Test) => Promise<ChargePoints>): void {
  t.test('the newest connection has it; the end of an older one changes nothing', async (t) => {
    const points = await make(t)
    await points.create('A', SETTINGS, undefined)
    const first = await points.connected('A', 'one', '1.6', AT)
    const second = await points.connected('A', 'two', '2.0.1', AT + 5)
    t.ok(second > first)
    await points.disconnected('A', first, AT + 6)
    const connection = { instance: 'two', epoch: second, protocol: '2.0.1', connectedAt: AT + 5 }
    t.match(await points.find('A'), { connection, protocol: '2.0.1' })
    await points.disconnected('A', second, AT + 7)
    t.match(await points.find('A'), {
      connection: undefined,
      protocol: '2.0.1',
      lastSeenAt: AT + 7,
      registration: 'accepted',
    })
    t.ok((await points.connected('A', 'one', '1.6', AT + 8)) > second)
  })

  t.test('many connections of the same one at once have numbers of their own', async (t) => {
    const points = await make(t)
    await points.create('A', SETTINGS, undefined)
    const calls = Array.from({ length: 50 }, (_, n) => points.connected('A', `i${n}`, '1.6', AT))
    const epochs = await Promise.all(calls)
    t.equal(new Set(epochs).size, 50)
    const highest = epochs.indexOf(Math.max(...epochs))
    t.match(await points.find('A'), { connection: { instance: `i${highest}` } })
  })

  t.test('one that nobody has created may do nothing', async (t) => {
    const points = await make(t)
    await points.connected('A', 'one', '1.6', AT)
    t.match(await points.find('A'), { registration: 'pending', keyHash: undefined })
  })

  t.test('boots and signs of life, the newest of each', async (t) => {
    const points = await make(t)
    await points.create('A', SETTINGS, undefined)
    const older = { vendor: 'ACME', model: 'Zero' }
    await Promise.all([points.booted('A', BOOT, AT + 1), points.booted('A', older, AT)])
    t.equal(await points.booted('A', older, AT), SETTINGS.registration, 'what was decided of it')
    t.equal(await points.booted('nobody', older, AT), undefined)
    t.match(await points.find('A'), { boot: BOOT, bootedAt: AT + 1 })
    await points.seen(
      new Map([
        ['A', AT + 10],
        ['nobody', AT],
      ]),
    )
    await points.seen(new Map([['A', AT + 9]]))
    await points.seen(new Map())
    t.match(await points.find('A'), { lastSeenAt: AT + 10 })
    t.equal(await points.find('nobody'), undefined)
  })

  t.test('connections of an instance that is gone', async (t) => {
    const points = await make(t)
    const ids = Array.from({ length: 2100 }, (_, number) => `CP-${number}`)
    const connect = (id: string, at: number) =>
      points.connected(id, at % 3 === 0 ? 'gone' : 'there', '1.6', AT)
    await Promise.all(ids.map(connect))
    t.equal(await points.releaseInstance('gone', AT + 1), 700)
    t.equal(await points.releaseInstance('gone', AT + 1), 0)
    t.strictSame(await points.count(), { all: 2100, connected: 1400 })
    t.match(await points.find('CP-0'), { connection: undefined, lastSeenAt: AT + 1 })
  })
}

function connectorContract(t: Test, make: (t: Test) => Promise<ChargePoints>): void {
  t.test('the newest state of each, and the history of all', async (t) => {
    const points = await make(t)
    await points.reportStatus(status({ state: 'Charging', at: AT + 20 }))
    await points.reportStatus(status({ state: 'Preparing', at: AT + 10 }))
    const faulted = status({
      ...{ evseId: 2, connectorId: 2, state: 'Faulted', at: AT, errorCode: 'GroundFailure' },
      ...{ info: 'a\0b', vendorId: 'ACME', vendorErrorCode: '7' },
    })
    await Promise.all([points.reportStatus(faulted), points.reportStatus(faulted)])
    const stored = { ...faulted, info: 'a\uFFFDb' }
    t.match(await points.connectors('A'), [{ state: 'Charging', at: AT + 20 }, stored])
    const history = await points.statusHistory({ chargePointId: 'A', limit: 9 })
    t.strictSame(
      history.map(({ state }) => state),
      ['Charging', 'Preparing', 'Faulted'],
      'told again is there once',
    )
  })

  t.test('places of any number are kept as the nearest that there can be', async (t) => {
    const points = await make(t)
    const huge = [2 ** 31, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5]
    await Promise.all(
      huge.map((evseId) => points.reportStatus(status({ evseId, connectorId: evseId, at: AT }))),
    )
    const max = 2 ** 31 - 1
    const places = (await points.connectors('A')).map(({ evseId, connectorId }) => [
      evseId,
      connectorId,
    ])
    t.strictSame(places, [
      [-max, -max],
      [1, 1],
      [max, max],
    ])
  })

  t.test('pages of the history are of whole moments', async (t) => {
    const points = await make(t)
    for (const state of ['Available', 'Preparing', 'Charging'] as const) {
      await points.reportStatus(status({ state, at: AT + 1 }))
    }
    await points.reportStatus(status({ at: AT }))
    await points.reportStatus(status({ at: AT + 2 }))
    const page = await points.statusHistory({ chargePointId: 'A', limit: 2 })
    t.equal(page.length, 4)
    const rest = { chargePointId: 'A', limit: 2, beforeAt: AT + 1 }
    t.match(await points.statusHistory(rest), [{ at: AT }])
    t.match(await points.connectors('A'), [{ at: AT + 2 }])
  })
}

function status(part: Partial<ConnectorStatus>): ConnectorStatus {
  return { chargePointId: 'A', evseId: 1, connectorId: 1, state: 'Available', at: AT, ...part }
}
