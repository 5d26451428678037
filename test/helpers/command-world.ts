import type { Test } from 'tap'
import {
  type ChargingStores,
  createChargingStores,
} from '../../src/adapters/charging/create-charging-stores.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { createEmbeddedSignals } from '../../src/adapters/signals/embedded.ts'
import { ChargePointKeys } from '../../src/charging/charge-point-keys.ts'
import type { AcceptedCommand } from '../../src/charging/command-effects.ts'
import type { CommandEvent } from '../../src/charging/command-event.ts'
import type { CommandKind } from '../../src/charging/command-kinds.ts'
import {
  type CommandParts,
  type CommandPartsOptions,
  createCommandParts,
} from '../../src/charging/create-commands.ts'
import { renderCommand } from '../../src/charging/routes/render.ts'
import type {
  ChargePointChannel,
  ChargePointSession,
  ExecutionResult,
} from '../../src/charging/session.ts'
import type { ChargingCommand } from '../../src/domain/charging-command.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { until } from './until.ts'

const ACCEPTED: ExecutionResult = { state: 'accepted', answer: { status: 'Accepted' } }

/** A charge point that says what a test wants it to. */
export class TestChannel implements ChargePointChannel {
  readonly session: ChargePointSession
  readonly told: { readonly kind: string; readonly parameters: JsonObject }[] = []
  isOpen = true
  answer: (kind: string) => ExecutionResult | Promise<ExecutionResult> = () => ACCEPTED

  constructor(session: ChargePointSession) {
    this.session = session
  }

  async execute(kind: string, parameters: JsonObject): Promise<ExecutionResult> {
    this.told.push({ kind, parameters })
    return this.answer(kind)
  }

  close(): void {
    this.isOpen = false
  }

  get kinds(): string[] {
    return this.told.map(({ kind }) => kind)
  }
}

/** One of several instances on the same stores. */
export interface CommandInstance extends CommandParts {
  readonly events: CommandEvent[]
  readonly effects: AcceptedCommand[]
  /** A charge point's connection to this instance. */
  connect(id: string, session?: Partial<ChargePointSession>): Promise<TestChannel>
  /** @param id of a charge point */
  ask(id: string, kind: CommandKind, parameters?: JsonObject): Promise<ChargingCommand>
  ended(id: string): Promise<ChargingCommand>
}

/** The real commands on embedded stores, and charge points that are none. */
export async function createCommandWorld(t: Test) {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead }
  const stores: ChargingStores = createChargingStores({ database, now: clock.now })
  const signals = createEmbeddedSignals({
    onDeliveryFailed: (_channel, error) => t.fail(`${error}`),
  })
  await signals.open()
  const keys = new ChargePointKeys({ secret: 'the same for all instances of a test' })
  const parts: CommandParts[] = []
  t.teardown(async () => {
    await Promise.all(parts.map((part) => part.drain(1000)))
    await Promise.all(parts.map((part) => part.stop()))
    await stores.close()
    await database.close()
  })

  function instance(name: string, overrides: Partial<CommandPartsOptions> = {}): CommandInstance {
    const channels = new Map<string, TestChannel>()
    const events: CommandEvent[] = []
    const effects: AcceptedCommand[] = []
    const part = createCommandParts({
      commands: stores.commands,
      chargePoints: stores.chargePoints,
      ...{ signals, keys, clock, instance: name, render: renderCommand },
      effects: {
        async apply(command) {
          effects.push(command)
        },
      },
      webhooks: { hosts: new Set(), secret: undefined },
      streamsMax: 3,
      findChannel: (id) => channels.get(id),
      onEvent: (event) => events.push(event),
      ...overrides,
    })
    parts.push(part)
    part.start()
    return {
      ...part,
      ...{ events, effects },
      async connect(id, session = {}) {
        const registration = session.registration ?? 'accepted'
        const settings = { registration, securityProfileMin: 0, leniency: [] } as const
        await stores.chargePoints.create(id, settings, undefined)
        const protocol = session.protocol ?? '2.0.1'
        const epoch = await stores.chargePoints.connected(id, name, protocol, clock.now())
        const own = { id, protocol, epoch, registration, lastSeenAt: clock.now(), ...session }
        const channel = new TestChannel(own)
        channels.set(id, channel)
        part.worker.joined(channel)
        return channel
      },
      ask: (id, kind, parameters = {}) => part.commands.request(id, { kind, parameters }),
      ended: (id) =>
        until(async () => {
          const command = await part.commands.wait(id, 5000)
          return command?.endedAt === undefined ? undefined : command
        }),
    }
  }

  return { stores, signals, clock, instance }
}
