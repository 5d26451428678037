import type { Test } from 'tap'
import type { ChargingCommand } from '../../src/domain/charging-command.ts'
import type { ChargingCommands } from '../../src/ports/charging-commands.ts'

const AT = 1_790_000_000_000

/** One more instance on the same place each time. */
export type MakeCommands = (t: Test) => Promise<() => ChargingCommands>

/** What every store of commands must do, through the port only. */
export function chargingCommandsContract(t: Test, make: MakeCommands): void {
  t.test('from asking to its outcome', async (t) => lifeContract(t, make))
  t.test('claims', async (t) => claimContract(t, make))
  t.test('ends without an answer', async (t) => upkeepContract(t, make))
}

function lifeContract(t: Test, make: MakeCommands): void {
  t.test('queued, sent, ended once', async (t) => {
    const commands = (await make(t))()
    const asked = command('1', { parameters: { connectorId: 1, of: [null, 'ü'] } })
    await commands.enqueue(asked)
    t.match(await commands.find('1'), { ...asked, sentAt: undefined, answer: undefined })
    t.match(await commands.claim('A', 'one', AT + 5, 9), [{ ...asked, state: 'sent' }])
    t.match(await commands.find('1'), { state: 'sent', sentAt: AT + 5 })
    t.strictSame(await commands.claim('A', 'one', AT + 6, 9), [])
    t.equal(await commands.cancel('1', AT + 6), false)
    await commands.end('1', { state: 'accepted', at: AT + 7, answer: { status: 'Accepted' } })
    await commands.end('1', { state: 'failed', at: AT + 8, reason: 'late' })
    await commands.end('nobody', { state: 'failed', at: AT + 8 })
    const ended = { state: 'accepted', endedAt: AT + 7, answer: { status: 'Accepted' } }
    t.match(await commands.find('1'), { ...ended, reason: undefined })
  })

  t.test('the latest of the same key takes the place of queued ones', async (t) => {
    const commands = (await make(t))()
    const keyed = (id: string, createdAt: number, part: Partial<ChargingCommand> = {}) =>
      commands.enqueue(command(id, { coalesceKey: 'k', createdAt, ...part }))
    await keyed('sent', AT)
    await commands.claim('A', 'one', AT, 9)
    await keyed('1', AT + 1)
    await keyed('other key', AT + 1, { coalesceKey: 'l' })
    await keyed('other place', AT + 1, { chargePointId: 'B' })
    await Promise.all([keyed('2', AT + 2), keyed('3', AT + 3)])
    await keyed('3', AT + 3)
    const states = await Promise.all(
      ['sent', '1', '2', '3', 'other key', 'other place'].map((id) => commands.find(id)),
    )
    t.strictSame(
      states.map((found) => found?.state),
      ['sent', 'superseded', 'superseded', 'queued', 'queued', 'queued'],
    )
  })

  t.test('newest first, page by page', async (t) => {
    const commands = (await make(t))()
    for (const id of ['1', '2', '3', '4']) {
      const createdAt = AT + (id === '4' ? 1 : 0)
      await commands.enqueue(command(id, { createdAt, chargePointId: id === '2' ? 'B' : 'A' }))
    }
    await commands.cancel('1', AT)
    const list = async (query: Parameters<ChargingCommands['list']>[0]) =>
      (await commands.list(query)).map(({ id }) => id)
    t.strictSame(await list({ limit: 9 }), ['4', '3', '2', '1'])
    t.strictSame(await list({ limit: 9, chargePointId: 'A' }), ['4', '3', '1'])
    t.strictSame(await list({ limit: 9, state: 'cancelled' }), ['1'])
    t.strictSame(await list({ limit: 1, before: { createdAt: AT, id: '3' } }), ['2'])
  })
}

function claimContract(t: Test, make: MakeCommands): void {
  t.test('the oldest first, as many as are wanted, none that has expired', async (t) => {
    const commands = (await make(t))()
    const order = [3, 1, 2, 5, 4]
    await Promise.all(order.map((n) => commands.enqueue(command(`${n}`, { createdAt: AT + n }))))
    await commands.enqueue(command('old', { expiresAt: AT + 10 }))
    await commands.enqueue(command('B', { chargePointId: 'B' }))
    const claim = async (limit: number) =>
      (await commands.claim('A', 'one', AT + 10, limit)).map(({ id }) => id)
    t.strictSame(await claim(2), ['1', '2'])
    t.strictSame(await claim(9), ['3', '4', '5'])
    t.strictSame(await claim(9), [])
    t.equal((await commands.find('old'))?.state, 'queued')
  })

  t.test('each is claimed once, by several instances and calls at once', async (t) => {
    const instance = await make(t)
    const instances = [instance(), instance()]
    const ids = Array.from({ length: 300 }, (_, n) => `${n}`)
    const chargePointId = (n: number) => `CP-${n % 10}`
    await Promise.all(
      ids.map((id, n) => instances[0]?.enqueue(command(id, { chargePointId: chargePointId(n) }))),
    )
    const claimed = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        instances[n % 2]?.claim(chargePointId(n >> 1), `${n % 2}`, AT, 4),
      ),
    )
    // Of claims of the same charge point that go together one gets something.
    const rest: ChargingCommand[] = []
    for (let n = 0; n < 10; n += 1) {
      rest.push(...((await instances[0]?.claim(chargePointId(n), '0', AT, 999)) ?? []))
    }
    const got = [...claimed.flatMap((some) => some ?? []), ...rest].map(({ id }) => id)
    t.equal(new Set(got).size, got.length, 'none twice')
    t.strictSame(got.toSorted(), ids.toSorted(), 'none left')
  })
}

function upkeepContract(t: Test, make: MakeCommands): void {
  t.test('expired: queued ones whose time is over, so many at a time', async (t) => {
    const commands = (await make(t))()
    for (const id of ['1', '2', '3']) await commands.enqueue(command(id, { expiresAt: AT + 10 }))
    await commands.claim('A', 'one', AT, 1)
    await commands.enqueue(command('4'))
    t.equal(await commands.expire(AT + 9, 9), 0)
    t.equal(await commands.expire(AT + 10, 1), 1)
    t.equal(await commands.expire(AT + 10, 9), 1)
    t.equal(await commands.expire(AT + 10, 9), 0)
    t.match(await commands.find('2'), { state: 'expired', endedAt: AT + 10 })
    t.match(await commands.find('1'), { state: 'sent' })
  })

  t.test('lost: sent long ago, and nobody knows', async (t) => {
    const commands = (await make(t))()
    for (const id of ['1', '2', '3']) await commands.enqueue(command(id))
    await commands.claim('A', 'one', AT + 1, 2)
    await commands.claim('A', 'one', AT + 2, 1)
    t.equal(await commands.endLost(AT + 2, AT + 9, 1), 1)
    t.equal(await commands.endLost(AT + 2, AT + 9, 9), 1)
    t.equal(await commands.endLost(AT + 2, AT + 9, 9), 0)
    t.match(await commands.find('1'), { state: 'unknown', endedAt: AT + 9, reason: /no answer/ })
    await commands.end('1', { state: 'accepted', at: AT + 10 })
    t.match(await commands.find('1'), { state: 'unknown' })
  })

  t.test('cancelled: while it is queued', async (t) => {
    const commands = (await make(t))()
    await commands.enqueue(command('1'))
    t.equal(await commands.cancel('1', AT + 1), true)
    t.equal(await commands.cancel('1', AT + 2), false)
    t.strictSame(await commands.claim('A', 'one', AT, 9), [])
    t.match(await commands.find('1'), { state: 'cancelled', endedAt: AT + 1 })
  })
}

function command(id: string, part: Partial<ChargingCommand> = {}): ChargingCommand {
  return {
    ...{ id, chargePointId: 'A', kind: 'reset', parameters: {}, state: 'queued' },
    ...{ createdAt: AT, expiresAt: AT + 1000, ...part },
  }
}
