import type { Test } from 'tap'
import type { ChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import type {
  ChargePointHoldings,
  HoldingChange,
  HoldingKind,
} from '../../src/ports/charge-point-holdings.ts'

const AT = 1_790_000_000_000

/** One more instance on the same place each time. */
export type MakeHoldings = (
  t: Test,
) => Promise<() => Pick<ChargingStores, 'holdings' | 'chargePoints' | 'retention'>>

/** What every store of holdings must do, through the port only. */
export function chargePointHoldingsContract(t: Test, make: MakeHoldings): void {
  t.test('changes', async (t) => changeContract(t, make))
  t.test('lists', async (t) => listContract(t, make))
}

type Put = NonNullable<HoldingChange['put']>[number]

function put(key: string, value: unknown = 1, more: Partial<Put> = {}): Put {
  return { kind: 'variable', key, document: { value: value as number }, ...more }
}

async function keysOf(
  holdings: ChargePointHoldings,
  kind: HoldingKind = 'variable',
): Promise<string[]> {
  const all = await holdings.list({ chargePointId: 'A', kind, limit: 9999 })
  return all.map(({ key, document }) => `${key}=${document['value']}`)
}

function changeContract(t: Test, make: MakeHoldings): void {
  const change = (part: Partial<HoldingChange>): HoldingChange => ({
    ...{ chargePointId: 'A', at: AT, ...part },
  })

  t.test('kept as it came, found by its key', async (t) => {
    const { holdings } = (await make(t))()
    const document = { of: [1, null, { a: 'ü"\\' }] }
    const more = { kind: 'reservation', state: 'active', expiresAt: AT + 9 } as const
    await holdings.change(change({ put: [{ ...more, key: '12', document }] }))
    const found = await holdings.find('A', 'reservation', ['11', '12', '13'])
    const whole = { chargePointId: 'A', key: '12', at: AT, document, ...more }
    t.strictSame([...found], [['12', whole]])
    t.equal((await holdings.find('B', 'reservation', ['12'])).size, 0)
    t.equal((await holdings.find('A', 'variable', ['12'])).size, 0)
    t.equal((await holdings.find('A', 'reservation', [])).size, 0)
  })

  t.test('the newest of a key counts, in whatever order they come', async (t) => {
    const { holdings } = (await make(t))()
    await holdings.change(change({ at: AT + 5, put: [put('a', 'newest'), put('b', 1)] }))
    await holdings.change(change({ at: AT + 4, put: [put('a', 'older')] }))
    await Promise.all([
      holdings.change(change({ at: AT + 6, put: [put('b', 3)] })),
      holdings.change(change({ at: AT + 5, put: [put('b', 2)] })),
    ])
    await holdings.change(change({ at: AT + 6, put: [put('c', 1), put('c', 2)] }))
    t.strictSame(await keysOf(holdings), ['a=newest', 'b=3', 'c=2'])
  })

  t.test('taken away by key and by prefix, unless it is newer', async (t) => {
    const { holdings } = (await make(t))()
    await holdings.change(change({ put: ['a/1', 'a/2', 'ab', 'b'].map((key) => put(key)) }))
    await holdings.change(change({ chargePointId: 'B', put: [put('a/1')] }))
    await holdings.change(change({ put: [put('a/1', 1, { kind: 'certificate' })] }))
    await holdings.change(change({ at: AT + 9, put: [put('a/2', 'newer')] }))
    const remove = [
      { kind: 'variable', prefix: 'a/' },
      { kind: 'variable', key: 'b' },
      { kind: 'variable', key: 'nothing' },
    ] as const
    await holdings.change(change({ at: AT + 1, remove, put: [put('c')] }))
    await holdings.change(change({ at: AT + 1, remove, put: [put('c')] }))
    t.strictSame(await keysOf(holdings), ['a/2=newer', 'ab=1', 'c=1'])
    t.strictSame(await keysOf(holdings, 'certificate'), ['a/1=1'])
    t.equal((await holdings.find('B', 'variable', ['a/1'])).size, 1)
  })

  t.test('changes that are stored together work one after the other', async (t) => {
    const { holdings } = (await make(t))()
    const all = { kind: 'variable', prefix: '' } as const
    await Promise.all([
      holdings.change(change({ put: [put('a', 1), put('b', 1)] })),
      holdings.change(change({ at: AT + 1, remove: [all], put: [put('c', 1)] })),
      holdings.change(change({ at: AT + 2, remove: [{ kind: 'variable', key: 'c' }] })),
      holdings.change(change({ at: AT + 3, put: [put('c', 2), put('d', 1)] })),
      holdings.change(change({ at: AT + 2, remove: [{ kind: 'variable', key: 'd' }] })),
      holdings.change(change({ chargePointId: 'B', at: AT + 9, remove: [all] })),
    ])
    t.strictSame(await keysOf(holdings), ['c=2', 'd=1'])
  })

  t.test('a very long one is whole in the end', async (t) => {
    const { holdings } = (await make(t))()
    const keys = Array.from({ length: 1234 }, (_, n) => `${n}`.padStart(4, '0'))
    await holdings.change(change({ put: keys.map((key) => put(key)) }))
    t.strictSame(
      await keysOf(holdings),
      keys.map((key) => `${key}=1`),
    )
    const remove = keys.slice(2).map((key) => ({ kind: 'variable', key }) as const)
    await holdings.change(change({ at: AT + 1, remove, put: [put('0000', 2)] }))
    t.strictSame(await keysOf(holdings), ['0000=2', '0001=1'])
  })

  t.test('it goes with its charge point', async (t) => {
    const { holdings, chargePoints } = (await make(t))()
    const settings = { registration: 'accepted', securityProfileMin: 0, leniency: [] } as const
    for (const id of ['A', 'B']) {
      await chargePoints.create(id, settings, undefined)
      await holdings.change(change({ chargePointId: id, put: [put('a')] }))
      await holdings.nextListVersion(id, 7)
    }
    await chargePoints.remove('A')
    t.strictSame(await keysOf(holdings), [])
    t.equal(await holdings.nextListVersion('A', 0), 1)
    t.equal((await holdings.find('B', 'variable', ['a'])).size, 1)
  })

  t.test('versions of a list are given out once, by several instances at once', async (t) => {
    const instance = await make(t)
    const [one, other] = [instance().holdings, instance().holdings]
    t.equal(await one.nextListVersion('A', 0), 1)
    t.equal(await other.nextListVersion('A', 7), 8)
    t.equal(await one.nextListVersion('A', 3), 9)
    const given = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 ? one : other).nextListVersion('A', 9)),
    )
    t.strictSame(
      given.toSorted((a, b) => a - b),
      Array.from({ length: 50 }, (_, n) => n + 10),
    )
    t.equal(await one.nextListVersion('B', 0), 1)
  })
}

function listContract(t: Test, make: MakeHoldings): void {
  t.test('by key, page by page, by prefix', async (t) => {
    const { holdings } = (await make(t))()
    const keys = ['b/2', 'a/1', 'b/1', 'c']
    await holdings.change({ chargePointId: 'A', at: AT, put: keys.map((key) => put(key)) })
    await holdings.change({ chargePointId: 'B', at: AT, put: [put('b/3')] })
    const list = async (query: object) => {
      const page = await holdings.list({ chargePointId: 'A', kind: 'variable', limit: 9, ...query })
      return page.map(({ key }) => key)
    }
    t.strictSame(await list({}), ['a/1', 'b/1', 'b/2', 'c'])
    t.equal(await holdings.count('A', 'variable'), 4)
    t.equal(await holdings.count('A', 'certificate'), 0)
    t.strictSame(await list({ limit: 2 }), ['a/1', 'b/1'])
    t.strictSame(await list({ afterKey: 'b/1' }), ['b/2', 'c'])
    t.strictSame(await list({ prefix: 'b/' }), ['b/1', 'b/2'])
    t.strictSame(await list({ prefix: 'b/', afterKey: 'b/1' }), ['b/2'])
  })

  t.test('what expires: latest first, by state, page by page, dropped in the end', async (t) => {
    const { holdings, retention } = (await make(t))()
    const reserve = async (chargePointId: string, key: string, state: string, after: number) =>
      holdings.change({
        ...{ chargePointId, at: AT },
        put: [put(key, 1, { kind: 'reservation', state, expiresAt: AT + after })],
      })
    await reserve('A', '1', 'active', 1)
    await reserve('B', '1', 'active', 5)
    await reserve('B', '2', 'used', 5)
    await reserve('A', '3', 'active', 5)
    await reserve('A', '4', 'used', 2)
    await holdings.change({ chargePointId: 'A', at: AT, put: [put('v')] })
    const list = async (query: object) => {
      const page = await holdings.listExpiring({ limit: 9, ...query })
      return page.map(({ chargePointId, key }) => `${chargePointId}${key}`)
    }
    t.strictSame(await list({}), ['B2', 'B1', 'A3', 'A4', 'A1'])
    t.strictSame(await list({ limit: 2 }), ['B2', 'B1'])
    const after = { expiresAt: AT + 5, chargePointId: 'B', key: '1' }
    t.strictSame(await list({ after }), ['A3', 'A4', 'A1'])
    t.strictSame(await list({ after, state: 'active' }), ['A3', 'A1'])
    t.strictSame(await list({ state: 'used' }), ['B2', 'A4'])
    t.strictSame(await list({ state: 'active', expiresAfter: AT + 1 }), ['B1', 'A3'])
    t.strictSame(await list({ state: 'active', expiresUntil: AT + 1 }), ['A1'])
    const ofOne = { chargePointId: 'A', kind: 'reservation', limit: 9 } as const
    const active = await holdings.list({ ...ofOne, state: 'active', expiresAfter: AT + 1 })
    t.strictSame(
      active.map(({ key }) => key),
      ['3'],
    )
    const dropped = await retention.dropStep('reservations', AT + 5)
    t.strictSame(dropped, { dropped: 2, isDone: true })
    t.strictSame(await list({}), ['B2', 'B1', 'A3'])
    t.equal((await holdings.list({ ...ofOne, kind: 'variable' })).length, 1, 'never expires')
  })
}
