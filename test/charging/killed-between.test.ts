import t from 'tap'
import type { CommandKind } from '../../src/charging/command-kinds.ts'
import type {
  ChargingCommands,
  ClaimedCommand,
  CommandEnd,
} from '../../src/ports/charging-commands.ts'
import { createCommandWorld } from '../helpers/command-world.ts'
import { createRandom } from '../helpers/random.ts'

// A thousand times an instance dies around the answer to a command, and the charge point comes to another
// one. What must not happen twice is not told twice; what may is told again; and nothing is left open.

const ROUNDS = 1000
const AT_ONCE = 50
const SEED = 20_261_121

/** When it dies: before the answer, or after it and before or after each thing that is stored. */
const MOMENTS = ['unanswered', 'answered', 'effect-stored', 'outcome-stored'] as const
type Moment = (typeof MOMENTS)[number]
const KINDS: readonly CommandKind[] = ['reset', 'clear-cache', 'unlock-connector', 'get-variables']
const REPEATABLE: readonly CommandKind[] = ['clear-cache', 'get-variables']

t.test(`killed between reply and store (seed ${SEED})`, async (t) => {
  const random = createRandom(SEED)
  const world = await createCommandWorld(t)
  const { promise: death, reject: die } = Promise.withResolvers<never>()
  death.catch(() => {})
  const moments = new Map<string, Moment>()
  const { commands } = world.stores
  const endThenDie = async (command: ClaimedCommand, end: CommandEnd): Promise<void> => {
    if (moments.get(command.chargePointId) === 'outcome-stored') await commands.end(command, end)
    await death
  }
  const dying = world.instance('dying', {
    effects: {
      async apply({ chargePointId }) {
        if (moments.get(chargePointId) === 'answered') await death
      },
    },
    commands: new Proxy(commands, {
      get(store, name) {
        if (name === 'end') return endThenDie
        const method = store[name as keyof ChargingCommands] as (...of: unknown[]) => unknown
        return method.bind(store)
      },
    }),
  })
  const other = world.instance('other')
  const wrong: string[] = []

  async function round(id: string): Promise<void> {
    const moment = MOMENTS[Math.floor(random() * MOMENTS.length)] ?? 'answered'
    const kind = KINDS[Math.floor(random() * KINDS.length)] ?? 'reset'
    moments.set(id, moment)
    const before = await dying.connect(id)
    const told = new Promise<void>((resolve) => {
      before.answer = () => {
        resolve()
        return moment === 'unanswered'
          ? death
          : { state: 'accepted', answer: { status: 'Accepted' } }
      }
    })
    const command = await dying.ask(id, kind)
    await told
    // However far it has come by now.
    for (let turns = random() * 5; turns > 0; turns -= 1) await new Promise(setImmediate)
    const after = await other.connect(id)
    const { state } = await other.ended(command.id)
    const isStored = moment === 'outcome-stored' && after.told.length === 0 && state === 'accepted'
    const isAgain = REPEATABLE.includes(kind)
    const isRight = isAgain
      ? after.told.length === 1 && state === 'accepted'
      : after.told.length === 0 && state === 'unknown'
    if (before.told.length !== 1 || !(isStored || isRight)) {
      wrong.push(`${id} ${kind} ${moment}: ${state}, told ${after.told.length} times more`)
    }
  }

  let next = 0
  const players = Array.from({ length: AT_ONCE }, async () => {
    while (next < ROUNDS) {
      next += 1
      await round(`CP-${next}`)
    }
  })
  await Promise.all(players)
  die(new Error('it is dead'))
  t.strictSame(wrong, [])
  t.equal(moments.size, ROUNDS)
})
