import type { Test } from 'tap'
import type { ChargingCommand } from '../../src/domain/charging-command.ts'
import type { ChargePoints } from '../../src/ports/charge-points.ts'
import type {
  ChargingCommands,
  ClaimedCommand,
  ClaimRequest,
} from '../../src/ports/charging-commands.ts'

const AT = 1_790_000_000_000

/** One more instance on the same place each time. */
export type MakeCommands = (
  t: Test,
) => Promise<() => { readonly commands: ChargingCommands; readonly chargePoints: ChargePoints }>

/** What every store of commands must do, through the port only. */
export function chargingCommandsContract(t: Test, make: MakeCommands): void {
  t.test('from asking to its outcome', async (t) => lifeContract(t, make))
  t.test('claims', async (t) => claimContract(t, make))
  t.test('ends without an answer', async (t) => upkeepContract(t, make))
  t.test('answers that are lost', async (t) => lossContract(t, make))
  t.test('webhooks', async (t) => webhookContract(t, make))
}

function lifeContract(t: Test, make: MakeCommands): void {
  t.test('queued, sent, ended once', async (t) => {
    const { commands } = (await make(t))()
    const asked = command('1', { parameters: { connectorId: 1, of: [null, 'ü'] } })
    await commands.enqueue(asked)
    t.match(await commands.find('1'), { ...asked, sentAt: undefined, answer: undefined })
    const claimed = await claimOne(commands, { at: AT + 5 })
    t.match(claimed, { ...asked, state: 'sent', attemptsLeft: 0 })
    t.match(await commands.find('1'), { state: 'sent', sentAt: AT + 5 })
    t.strictSame(await commands.claim(request({ at: AT + 6 })), [])
    t.equal(await commands.cancel('1', AT + 6), false)
    const another = { id: '1', claim: 'another' }
    await commands.end(another, { state: 'failed', at: AT + 6 })
    await commands.release(another)
    await commands.lose(another, AT + 6)
    await commands.end(claimed, { state: 'accepted', at: AT + 7, answer: { status: 'Accepted' } })
    await commands.end(claimed, { state: 'failed', at: AT + 8, reason: 'late' })
    await commands.release(claimed)
    await commands.lose(claimed, AT + 8)
    const ended = { state: 'accepted', endedAt: AT + 7, answer: { status: 'Accepted' } }
    t.match(await commands.find('1'), { ...ended, reason: undefined })
  })

  t.test('the latest of the same key takes the place of queued ones', async (t) => {
    const { commands } = (await make(t))()
    const keyed = (id: string, createdAt: number, part: Partial<ChargingCommand> = {}) =>
      commands.enqueue(command(id, { coalesceKey: 'k', createdAt, ...part }))
    await keyed('sent', AT)
    await claimOne(commands)
    t.strictSame(await keyed('1', AT + 1), [])
    await keyed('other key', AT + 1, { coalesceKey: 'l' })
    await keyed('other place', AT + 1, { chargePointId: 'B' })
    const superseded = await Promise.all([keyed('2', AT + 2), keyed('3', AT + 3)])
    t.strictSame(superseded.flat().toSorted(), ['1', '2'])
    t.strictSame(await keyed('3', AT + 3), [])
    const states = await Promise.all(
      ['sent', '1', '2', '3', 'other key', 'other place'].map((id) => commands.find(id)),
    )
    t.strictSame(
      states.map((found) => found?.state),
      ['sent', 'superseded', 'superseded', 'queued', 'queued', 'queued'],
    )
  })

  t.test('newest first, page by page', async (t) => {
    const { commands } = (await make(t))()
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
    const { commands } = (await make(t))()
    const order = [3, 1, 2, 5, 4]
    await Promise.all(order.map((n) => commands.enqueue(command(`${n}`, { createdAt: AT + n }))))
    await commands.enqueue(command('old', { expiresAt: AT + 10 }))
    await commands.enqueue(command('B', { chargePointId: 'B' }))
    const claim = async (limit: number) =>
      (await commands.claim(request({ at: AT + 10, limit }))).map(({ id }) => id)
    t.strictSame(await claim(2), ['1', '2'])
    t.strictSame(await claim(9), ['3', '4', '5'])
    t.strictSame(await claim(9), [])
    t.equal((await commands.find('old'))?.state, 'queued')
  })

  t.test('each is claimed once, by several instances and calls at once', async (t) => {
    const instance = await make(t)
    const instances = [instance().commands, instance().commands]
    const ids = Array.from({ length: 300 }, (_, n) => `${n}`)
    const chargePointId = (n: number) => `CP-${n % 10}`
    await Promise.all(
      ids.map((id, n) => instances[0]?.enqueue(command(id, { chargePointId: chargePointId(n) }))),
    )
    const claimed = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        instances[n % 2]?.claim(request({ chargePointId: chargePointId(n >> 1), limit: 4 })),
      ),
    )
    // Of claims of the same charge point that go together one gets something.
    const rest: ChargingCommand[] = []
    for (let n = 0; n < 10; n += 1) {
      const all = request({ chargePointId: chargePointId(n), limit: 999 })
      rest.push(...((await instances[0]?.claim(all)) ?? []))
    }
    const got = [...claimed.flatMap((some) => some ?? []), ...rest].map(({ id }) => id)
    t.equal(new Set(got).size, got.length, 'none twice')
    t.strictSame(got.toSorted(), ids.toSorted(), 'none left')
  })

  t.test('only kinds that are wanted; the others keep their places', async (t) => {
    const { commands } = (await make(t))()
    for (const [n, kind] of ['reset', 'get-logs', 'reset', 'get-variables'].entries()) {
      await commands.enqueue(command(`${n}`, { kind, createdAt: AT + n }))
    }
    const claim = async (kinds?: string[]) =>
      (await commands.claim(request({ kinds }))).map(({ id }) => id)
    t.strictSame(await claim(['get-variables', 'get-logs']), ['1', '3'])
    t.strictSame(await claim(['logs', 'get']), [], 'whole names')
    t.strictSame(await claim([]), [])
    t.strictSame(await claim(), ['0', '2'])
  })

  t.test('nothing for a connection when a later one is there', async (t) => {
    const { commands, chargePoints } = (await make(t))()
    const older = await chargePoints.connected('A', 'one', '1.6', AT)
    const newer = await chargePoints.connected('A', 'other', '1.6', AT)
    await commands.enqueue(command('1'))
    t.strictSame(await commands.claim(request({ epoch: older })), [])
    await chargePoints.disconnected('A', newer, AT)
    t.match(await commands.claim(request({ epoch: older })), [{ id: '1' }], 'it has gone again')
  })

  t.test('released: as if it had not been claimed', async (t) => {
    const { commands } = (await make(t))()
    await commands.enqueue(command('1'))
    await commands.release(await claimOne(commands))
    t.match(await commands.find('1'), { state: 'queued', sentAt: undefined, attemptsLeft: 1 })
    t.match(await claimOne(commands), { id: '1' })
  })

  t.test('for whom something is queued, and how much', async (t) => {
    const { commands } = (await make(t))()
    for (const [id, chargePointId] of [...'BACAD'].entries()) {
      await commands.enqueue(command(`${id}`, { chargePointId }))
    }
    await claimOne(commands, { chargePointId: 'C' })
    t.strictSame(await commands.listWaiting('', 2), ['A', 'B'])
    t.strictSame(await commands.listWaiting('B', 2), ['D'])
    t.equal(await commands.countQueued('A', 9), 2)
    t.equal(await commands.countQueued('A', 1), 1)
    t.equal(await commands.countQueued('C', 9), 0)
  })
}

function upkeepContract(t: Test, make: MakeCommands): void {
  t.test('expired: queued ones whose time is over, so many at a time', async (t) => {
    const { commands } = (await make(t))()
    for (const id of ['1', '2', '3']) await commands.enqueue(command(id, { expiresAt: AT + 10 }))
    await claimOne(commands)
    await commands.enqueue(command('4'))
    t.strictSame(await commands.expire(AT + 9, 9), [])
    t.equal((await commands.expire(AT + 10, 1)).length, 1)
    t.equal((await commands.expire(AT + 10, 9)).length, 1)
    t.strictSame(await commands.expire(AT + 10, 9), [])
    t.match(await commands.find('2'), { state: 'expired', endedAt: AT + 10 })
    t.match(await commands.find('1'), { state: 'sent' })
  })

  t.test('lost: sent long ago, and nobody knows', async (t) => {
    const { commands } = (await make(t))()
    for (const id of ['1', '2', '3']) await commands.enqueue(command(id))
    const [first] = await commands.claim(request({ at: AT + 1, limit: 2 }))
    await claimOne(commands, { at: AT + 2 })
    t.equal((await commands.endLost(AT + 2, AT + 9, 1)).length, 1)
    t.equal((await commands.endLost(AT + 2, AT + 9, 9)).length, 1)
    t.strictSame(await commands.endLost(AT + 2, AT + 9, 9), [])
    t.match(await commands.find('1'), { state: 'unknown', endedAt: AT + 9, reason: /no answer/ })
    if (first !== undefined) await commands.end(first, { state: 'accepted', at: AT + 10 })
    t.match(await commands.find('1'), { state: 'unknown' })
  })

  t.test('cancelled: while it is queued', async (t) => {
    const { commands } = (await make(t))()
    await commands.enqueue(command('1'))
    t.equal(await commands.cancel('1', AT + 1), true)
    t.equal(await commands.cancel('1', AT + 2), false)
    t.strictSame(await commands.claim(request()), [])
    t.match(await commands.find('1'), { state: 'cancelled', endedAt: AT + 1 })
  })
}

function lossContract(t: Test, make: MakeCommands): void {
  const repeatable = (id: string, part: Partial<ChargingCommand> = {}) =>
    command(id, { attemptsLeft: 2, ...part })

  t.test('sent again as often as it may be, then unknown', async (t) => {
    const { commands } = (await make(t))()
    await commands.enqueue(repeatable('1'))
    await commands.lose(await claimOne(commands), AT + 1)
    t.match(await commands.find('1'), { state: 'queued', endedAt: undefined, reason: /connection/ })
    const again = await claimOne(commands, { at: AT + 2 })
    t.match(again, { id: '1', attemptsLeft: 0 })
    await commands.lose(again, AT + 3)
    t.match(await commands.find('1'), { state: 'unknown', endedAt: AT + 3, reason: /connection/ })
  })

  t.test('whoever had it before it was sent again says nothing more', async (t) => {
    const { commands } = (await make(t))()
    await commands.enqueue(repeatable('1'))
    const first = await claimOne(commands, { epoch: 1 })
    t.strictSame(await commands.endUnanswered({ chargePointId: 'A', epoch: 2, at: AT + 1 }), [])
    const second = await claimOne(commands, { epoch: 2 })
    await commands.lose(first, AT + 2)
    await commands.release(first)
    await commands.end(first, { state: 'failed', at: AT + 2 })
    t.match(await commands.find('1'), { state: 'sent' })
    await commands.end(second, { state: 'accepted', at: AT + 3 })
    t.match(await commands.find('1'), { state: 'accepted', reason: undefined })
  })

  t.test('a new connection: what was sent on those before, not on itself', async (t) => {
    const { commands } = (await make(t))()
    for (const id of ['old', 'again', 'new']) {
      await commands.enqueue(command(id, { attemptsLeft: id === 'again' ? 2 : 1 }))
      await commands.claim(request({ epoch: id === 'new' ? 2 : 1, at: AT + 1 }))
    }
    await commands.enqueue(command('B', { chargePointId: 'B' }))
    await claimOne(commands, { chargePointId: 'B', epoch: 1 })
    const joined = { chargePointId: 'A', epoch: 2, at: AT + 5 }
    t.strictSame((await commands.endUnanswered(joined)).toSorted(), ['again', 'old'])
    t.strictSame(await commands.endUnanswered(joined), [])
    t.match(await commands.find('old'), { state: 'unknown', endedAt: AT + 5 })
    t.match(await commands.find('again'), { state: 'unknown' }, 'something later was sent')
    t.match(await commands.find('new'), { state: 'sent' })
    t.match(await commands.find('B'), { state: 'sent' })
  })

  t.test('not sent again once a later one takes its place, or its time is over', async (t) => {
    const { commands } = (await make(t))()
    await commands.enqueue(repeatable('1', { coalesceKey: 'k' }))
    const claimed = await claimOne(commands)
    await commands.enqueue(repeatable('2', { coalesceKey: 'k', createdAt: AT + 1 }))
    await commands.lose(claimed, AT + 2)
    t.match(await commands.find('1'), { state: 'unknown' })
    await commands.enqueue(repeatable('3', { chargePointId: 'B', expiresAt: AT + 5 }))
    await commands.lose(await claimOne(commands, { chargePointId: 'B' }), AT + 5)
    t.match(await commands.find('3'), { state: 'unknown' })
  })

  t.test('waiting to be sent again when its time is over, it is unknown', async (t) => {
    const { commands } = (await make(t))()
    await commands.enqueue(repeatable('1', { expiresAt: AT + 9 }))
    await commands.lose(await claimOne(commands), AT + 1)
    await commands.release(await claimOne(commands))
    t.strictSame(await commands.expire(AT + 9, 9), ['1'])
    t.match(await commands.find('1'), { state: 'unknown', reason: /connection/ })
  })

  t.test('lost with its instance, it is sent again, too', async (t) => {
    const { commands } = (await make(t))()
    await commands.enqueue(repeatable('1'))
    await claimOne(commands)
    t.strictSame(await commands.endLost(AT + 1, AT + 9, 9), [])
    t.match(await commands.find('1'), { state: 'queued' })
  })
}

function webhookContract(t: Test, make: MakeCommands): void {
  const url = 'https://example.com/hook'
  const hooked = (id: string, part: Partial<ChargingCommand> = {}) =>
    command(id, { webhook: { url, state: 'waiting', attempts: 0 }, ...part })

  t.test('due when it has ended, however it did', async (t) => {
    const { commands } = (await make(t))()
    await commands.enqueue(hooked('answered'))
    const claimed = await claimOne(commands)
    await commands.enqueue(hooked('expired', { expiresAt: AT + 1 }))
    await commands.enqueue(hooked('cancelled'))
    await commands.enqueue(hooked('waits'))
    await commands.enqueue(command('without'))
    await commands.cancel('without', AT + 1)
    t.strictSame(await commands.claimWebhooks(AT + 9, AT + 99, 9), [])
    await commands.end(claimed, { state: 'accepted', at: AT + 1 })
    await commands.expire(AT + 1, 9)
    await commands.cancel('cancelled', AT + 1)
    const due = await commands.claimWebhooks(AT + 9, AT + 99, 9)
    t.strictSame(due.map(({ id }) => id).toSorted(), ['answered', 'cancelled', 'expired'])
    t.match(due[0]?.webhook, { url, state: 'waiting', attempts: 1 })
  })

  t.test('of one caller at a time, until it is told or given up', async (t) => {
    const instance = await make(t)
    const [one, other] = [instance().commands, instance().commands]
    const ids = Array.from({ length: 40 }, (_, n) => `${n}`)
    for (const id of ids) await one.enqueue(hooked(id))
    for (const id of ids) await one.cancel(id, AT)
    const tries = Array.from({ length: 20 }, (_, n) =>
      (n % 2 === 0 ? one : other).claimWebhooks(AT + 1, AT + 10, 3),
    )
    const rest = await Promise.all(tries).then(async (some) => [
      ...some.flat(),
      ...(await one.claimWebhooks(AT + 1, AT + 10, 99)),
    ])
    t.strictSame(rest.map(({ id }) => id).toSorted(), ids.toSorted(), 'each once')
    await one.endWebhookAttempt('0', { number: 1, state: 'delivered' })
    await one.endWebhookAttempt('1', { number: 1, state: 'failed', error: 'gone' })
    await one.endWebhookAttempt('2', { number: 1, state: 'waiting', dueAt: AT + 50, error: 'down' })
    t.equal((await other.claimWebhooks(AT + 10, AT + 60, 99)).length, 37, 'nobody has told these')
    t.match(await other.claimWebhooks(AT + 50, AT + 60, 99), [{ id: '2' }])
    await one.endWebhookAttempt('2', { number: 1, state: 'delivered' })
    const webhook = async (id: string) => (await other.find(id))?.webhook
    t.match(await webhook('0'), { state: 'delivered', attempts: 1, lastError: undefined })
    t.match(await webhook('1'), { state: 'failed', lastError: 'gone' })
    t.match(await webhook('2'), { state: 'waiting', attempts: 2, lastError: 'down' })
  })
}

function command(id: string, part: Partial<ChargingCommand> = {}): ChargingCommand {
  return {
    ...{ id, chargePointId: 'A', kind: 'reset', parameters: {}, state: 'queued' },
    ...{ createdAt: AT, expiresAt: AT + 1000, attemptsLeft: 1, ...part },
  }
}

function request(part: Partial<ClaimRequest> = {}): ClaimRequest {
  return { chargePointId: 'A', instance: 'one', epoch: 1, at: AT, limit: 9, ...part }
}

async function claimOne(
  commands: ChargingCommands,
  part: Partial<ClaimRequest> = {},
): Promise<ClaimedCommand> {
  const [claimed] = await commands.claim(request({ limit: 1, ...part }))
  if (claimed === undefined) throw new Error('nothing to claim')
  return claimed
}
