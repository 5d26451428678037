import t from 'tap'
import { Compile } from 'typebox/compile'
import {
  COMMAND_KINDS,
  type CommandKind,
  type CommandRules,
  isCommandKind,
} from '../../src/charging/command-kinds.ts'
import { PARAMETERS } from '../../src/charging/command-parameters.ts'

const kinds = Object.keys(PARAMETERS) as CommandKind[]
const rulesOf = (kind: CommandKind): CommandRules => COMMAND_KINDS[kind]
const keyOf = (kind: CommandKind, parameters: object) =>
  rulesOf(kind).coalesceKey?.(parameters as never)

t.test('every kind has rules and parameters, and an example that is right', async (t) => {
  t.strictSame(Object.keys(COMMAND_KINDS).toSorted(), kinds.toSorted())
  for (const kind of kinds) {
    const [example] = PARAMETERS[kind].examples
    t.ok(Compile(PARAMETERS[kind]).Check(example), kind)
  }
})

t.test('nothing is taken that is not in the schema', async (t) => {
  for (const kind of kinds) {
    t.notOk(Compile(PARAMETERS[kind]).Check({ nonsense: 1 }), `${kind} with something else`)
    t.notOk(Compile(PARAMETERS[kind]).Check([]), `${kind} of a list`)
  }
})

t.test('a number that is filled in may be left out', async (t) => {
  for (const kind of kinds) {
    const { numbered } = rulesOf(kind)
    if (numbered === undefined) continue
    const { properties, required = [] } = PARAMETERS[kind] as unknown as {
      properties: object
      required?: readonly string[]
    }
    t.hasOwnProp(properties, numbered, kind)
    t.notOk(required.includes(numbered), kind)
  }
})

t.test('what must not happen twice is never repeated', async (t) => {
  const once = kinds.filter((kind) => !rulesOf(kind).isRepeatable)
  t.strictSame(once.toSorted(), [
    'reserve',
    'reset',
    'send-vendor-message',
    'start-charging',
    'unlock-connector',
    'update-firmware',
  ])
})

t.test('OCPP 1.6 §4.2: who is pending is not told to start or stop', async (t) => {
  const later = kinds.filter((kind) => !rulesOf(kind).isForPending)
  t.strictSame(later, ['start-charging', 'stop-charging'])
})

t.test('the latest availability of a place counts', async (t) => {
  const key = (parameters: object) =>
    keyOf('change-availability', { isOperative: true, ...parameters })
  t.equal(key({ evseId: 1 }), keyOf('change-availability', { isOperative: false, evseId: 1 }))
  t.equal(key({}), key({ evseId: 0 }), 'the charge point as a whole')
  t.not(key({ evseId: 1 }), key({ evseId: 2 }))
  t.not(key({ evseId: 1 }), key({ evseId: 1, connectorId: 2 }))
})

t.test('the latest profile counts of those that replace each other', async (t) => {
  const key = (profile: object, evseId = 1) =>
    keyOf('set-charging-profile', {
      evseId,
      profile: { id: 1, purpose: 'transaction', stackLevel: 0, ...profile },
    })
  t.equal(key({ id: 1 }), key({ id: 2 }))
  t.not(key({}), key({}, 2), 'another connector')
  t.not(key({}), key({ stackLevel: 1 }), 'another level')
  t.not(key({}), key({ purpose: 'transaction-default' }), 'another purpose')
  t.not(key({ transactionId: 'CP-1/1' }), key({ transactionId: 'CP-1/2' }), 'another transaction')
})

t.test('kinds are known by their names', async (t) => {
  t.ok(isCommandKind('reset'))
  t.notOk(isCommandKind('constructor'))
  t.notOk(isCommandKind('Reset'))
})
