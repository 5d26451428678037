import t from 'tap'
import type { CommandRequest } from '../../src/charging/command-request.ts'
import { createCommandWorld } from '../helpers/command-world.ts'

const CONFLICT = /asked for with this idempotency key/
const START: CommandRequest = {
  kind: 'start-charging',
  parameters: { evseId: 1, tokenUid: 'CARD' },
  idempotencyKey: 'key-1',
}

t.test('asked for again with the same key it is the same command, carried out once', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const channel = await one.connect('A')
  const { id } = await one.commands.request('A', START)
  t.match(await one.ended(id), { state: 'accepted' })
  const again = await one.commands.request('A', { ...START, parameters: { ...START.parameters } })
  t.match(again, { id, state: 'accepted' }, 'as it is by now')
  t.strictSame(channel.kinds, ['start-charging'])
  const requested = one.events.filter(({ kind }) => kind === 'requested')
  t.equal(requested.length, 1)
})

t.test('asked for many times at once, of several instances', async (t) => {
  const world = await createCommandWorld(t)
  const [one, other] = [world.instance('one'), world.instance('other')]
  const channel = await one.connect('A')
  const asked = await Promise.all(
    Array.from({ length: 40 }, (_, n) => (n % 2 ? one : other).commands.request('A', START)),
  )
  const ids = new Set(asked.map(({ id }) => id))
  t.equal(ids.size, 1)
  await one.ended([...ids][0] ?? '')
  t.strictSame(channel.kinds, ['start-charging'])
  const numbers = new Set(asked.map(({ parameters }) => parameters['remoteStartId']))
  t.equal(numbers.size, 1, 'nobody is told of a command that there is not')
})

t.test('something else with the same key is a conflict', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  await one.connect('A')
  await one.commands.request('A', START)
  const others: Partial<CommandRequest>[] = [
    { kind: 'clear-cache', parameters: {} },
    { parameters: { evseId: 2, tokenUid: 'CARD' } },
    { parameters: { ...START.parameters, remoteStartId: -1 } },
    { lifetimeMs: 1000 },
  ]
  for (const other of others) {
    const request = { ...START, ...other }
    await t.rejects(one.commands.request('A', request), { message: CONFLICT }, request.kind)
  }
  const atOnce = await Promise.allSettled(
    [1, 2].map((evseId) =>
      one.commands.request('A', {
        ...{ ...START, idempotencyKey: 'key-2' },
        parameters: { evseId, tokenUid: 'CARD' },
      }),
    ),
  )
  t.strictSame(atOnce.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

t.test('keys are those of a charge point, and of anybody’s alphabet', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const ids = new Set<string>()
  for (const chargePointId of ['A', 'B', 'Ł', 'A B']) {
    await one.connect(chargePointId)
    for (const idempotencyKey of ['key-1', 'key-2', 'ключ']) {
      ids.add((await one.commands.request(chargePointId, { ...START, idempotencyKey })).id)
    }
    ids.add((await one.commands.request(chargePointId, { ...START, idempotencyKey: 'key-1' })).id)
  }
  t.equal(ids.size, 12)
})

t.test('what is filled in, or kept secret, is no difference', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  await one.connect('A')
  const ask = (value: string) =>
    one.commands.request('A', {
      kind: 'set-variables',
      parameters: { variables: [{ name: 'AuthorizationKey', value }] },
      idempotencyKey: 'secret',
    })
  const { id } = await ask('00'.repeat(16))
  t.equal((await ask('00'.repeat(16))).id, id)
  await t.rejects(ask('11'.repeat(16)), { message: CONFLICT })
})

t.test('a key lasts as long as its command is kept', async (t) => {
  const world = await createCommandWorld(t)
  const one = world.instance('one')
  const channel = await one.connect('A')
  const { id } = await one.commands.request('A', START)
  await one.ended(id)
  await world.stores.retention.dropStep('commands', world.clock.now() + 1)
  await one.ended((await one.commands.request('A', START)).id)
  t.strictSame(channel.kinds, ['start-charging', 'start-charging'])
})
