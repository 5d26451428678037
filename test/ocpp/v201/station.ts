import type { Test } from 'tap'
import type { ChargePointSession, ExecutionResult } from '../../../src/charging/session.ts'
import type { Registration } from '../../../src/domain/charge-point.ts'
import { createProtocol } from '../../../src/ocpp/protocol.ts'
import { actions201 } from '../../../src/ocpp/v201/actions.ts'
import type { ChargingRecord, ChargingRecordKind } from '../../../src/ports/charging-records.ts'
import { type ChargingWorld, createChargingWorld } from '../../helpers/charging-world.ts'

export { NOW } from '../../helpers/charging-world.ts'

const { validators } = createProtocol('2.0.1', actions201)

export interface World extends ChargingWorld {
  station(registration?: Registration): Promise<Station>
}

export async function createWorld(t: Test, vendorIds: readonly string[] = []): Promise<World> {
  const world = await createChargingWorld(t, { vendorIds })
  return {
    ...world,
    station: async (registration) => new Station(world, await world.connect('2.0.1', registration)),
  }
}

/** A charging station of 2.0.1, without its socket: what it says passes both schemas. */
export class Station {
  readonly world: ChargingWorld
  readonly session: ChargePointSession

  constructor(world: ChargingWorld, session: ChargePointSession) {
    this.world = world
    this.session = session
  }

  get id(): string {
    return this.session.id
  }

  async call<Answer = object>(action: string, request: object): Promise<Answer> {
    const handle = actions201[action]?.from?.handle
    if (handle === undefined) throw new Error(`${action} is not for a charge point`)
    mustBeRight('Request', action, request)
    const { session, world } = this
    const answer = await handle({ session, request: request as never, services: world.services })
    mustBeRight('Response', action, answer)
    return answer as Answer
  }

  records(kind: ChargingRecordKind): Promise<readonly ChargingRecord[]> {
    return this.world.stores.records.list({ chargePointId: this.id, kind, limit: 100 })
  }
}

/** By the schema; undefined: there is none. */
export function faultOf(
  direction: 'Request' | 'Response',
  action: string,
  payload: object,
): string | undefined {
  const { error } = validators.check(direction, action, payload)
  return error && `${error.fault} ${error.description}`
}

/** The request that carries a command out, which the schema has let through. */
export function compose(action: string, parameters: object): object {
  const request = outbound(action).compose(parameters as never)
  mustBeRight('Request', action, request)
  return request
}

export function read(action: string, answer: object): ExecutionResult {
  mustBeRight('Response', action, answer)
  return outbound(action).read(answer as never)
}

function outbound(action: string) {
  const to = actions201[action]?.to
  if (to === undefined) throw new Error(`we don't call ${action}`)
  return to
}

function mustBeRight(direction: 'Request' | 'Response', action: string, payload: object): void {
  const fault = faultOf(direction, action, payload)
  if (fault !== undefined) throw new Error(`${direction} of ${action}: ${fault}`)
}
