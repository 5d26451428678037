import fc from 'fast-check'
import t from 'tap'
import * as schemas from 'typed-ocpp/dist/ocpp16/schemas.js'
import { COMMAND_KINDS, type CommandKind } from '../../../src/charging/command-kinds.ts'
import { PARAMETERS } from '../../../src/charging/command-parameters.ts'
import { FleetgridError } from '../../../src/domain/errors.ts'
import { actions16 } from '../../../src/ocpp/v16/actions.ts'
import { anyOf } from '../../helpers/any-of-schema.ts'
import { createChargingWorld } from '../../helpers/charging-world.ts'
import { createStation, faultOf, protocol16 } from './station.ts'

// Whatever the schemas let through is handled, and nothing leaves that a schema doesn't let through.
// Another seed: SEED=7 npx tap test/ocpp/v16/any-payload.test.ts

const SEED = Number(process.env['SEED'] ?? 16)
const world = await createChargingWorld(t)
const schemaOf = (name: string) => (schemas as unknown as Record<string, object>)[name] ?? {}

for (const [action, { from, to }] of Object.entries(actions16)) {
  if (from !== undefined) {
    t.test(`1.6 ${action}: any request is answered`, async () => {
      const station = await createStation(world)
      const requests = anyOf(schemaOf(`${action}Request`))
      const property = fc.asyncProperty(requests, async (request) => {
        fc.pre(faultOf('Request', action, request) === undefined)
        // Throws if the answer is wrong.
        await station.call(action, request)
      })
      await fc.assert(property, { seed: SEED, numRuns: 100 })
    })
  }
  if (to !== undefined) {
    t.test(`1.6 ${action}: any answer means something`, async () => {
      const answers = anyOf(schemaOf(`${action}Response`))
      const property = fc.property(answers, (answer) => {
        fc.pre(faultOf('Response', action, answer) === undefined)
        const { state, answer: kept } = to.read(answer as never)
        return ['accepted', 'rejected', 'failed'].includes(state) && kept === answer
      })
      fc.assert(property, { seed: SEED, numRuns: 200 })
    })
  }
}

for (const kind of Object.keys(COMMAND_KINDS) as CommandKind[]) {
  for (const { name, action } of protocol16.byKind.get(kind) ?? []) {
    t.test(`1.6 ${name}: any ${kind} is said right, or refused`, async (t) => {
      let said = 0
      const property = fc.property(anyOf(PARAMETERS[kind]), (parameters) => {
        try {
          const request = action.compose(parameters as never)
          const fault = faultOf('Request', name, request)
          if (fault !== undefined) throw new Error(`${fault}: ${JSON.stringify(request)}`)
          said += 1
        } catch (error) {
          const isRefusal = error instanceof FleetgridError && error.kind === 'invalid'
          if (!isRefusal || error.publicMessage === undefined) throw error
        }
      })
      fc.assert(property, { seed: SEED, numRuns: 2000 })
      t.not(said, 0, 'some of them can be said')
    })
  }
}
