import t from 'tap'
import { createCommandWorld } from '../helpers/command-world.ts'
import { until } from '../helpers/until.ts'

// With a new password, and not only then, a charge point answers and connects again at once: its
// answer counts, although its outcome is still being stored.

for (const kind of ['reset', 'set-variables'] as const) {
  t.test(`${kind}: answered on a connection that is replaced before that is stored`, async (t) => {
    const { promise: stored, resolve: store } = Promise.withResolvers<void>()
    const applied: string[] = []
    const effects = {
      async apply({ kind }: { kind: string }) {
        applied.push(kind)
        await stored
      },
    }
    const one = (await createCommandWorld(t)).instance('one', { effects })
    await one.connect('A')
    const variables = [{ name: 'HeartbeatInterval', value: '60' }]
    const { id } = await one.ask('A', kind, kind === 'reset' ? {} : { variables })
    await one.ask('A', 'clear-cache')
    await until(() => applied.length === 1)
    const second = await one.connect('A')
    store()
    t.match(await one.ended(id), { state: 'accepted' })
    await until(() => second.told.length > 0)
    t.strictSame(second.kinds, ['clear-cache'], 'it is not told again')
  })
}
