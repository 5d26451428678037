import type { Test } from 'tap'
import {
  type ChargingStores,
  createChargingStores,
} from '../../src/adapters/charging/create-charging-stores.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import type { ChargingEvent } from '../../src/charging/charging-event.ts'
import { createServices } from '../../src/charging/create-services.ts'
import type { ChargingServices } from '../../src/charging/services.ts'
import type { ChargePointSession } from '../../src/charging/session.ts'
import type { ProtocolVersion, Registration } from '../../src/domain/charge-point.ts'
import type { IdToken } from '../../src/domain/id-token.ts'

export const NOW = Date.parse('2026-04-06T10:00:00Z')

/** The real services on the embedded stores, and a clock that stands still. */
export interface ChargingWorld {
  readonly stores: ChargingStores
  readonly services: ChargingServices
  /** What the services have told, oldest first. */
  readonly events: ChargingEvent[]
  /** A charge point that nobody has heard of before. */
  connect(protocol: ProtocolVersion, registration?: Registration): Promise<ChargePointSession>
  putToken(uid: string, token?: Partial<IdToken>): Promise<void>
}

export async function createChargingWorld(
  t: Test,
  { vendorIds = [] }: { readonly vendorIds?: readonly string[] } = {},
): Promise<ChargingWorld> {
  const database = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await database.open()
  const stores = createChargingStores({ database, now: () => NOW })
  t.teardown(async () => {
    await stores.close()
    await database.close()
  })
  const events: ChargingEvent[] = []
  const services = createServices({
    ...stores,
    clock: { now: () => NOW },
    heartbeatIntervalSeconds: 300,
    bootRetryIntervalSeconds: 30,
    vendorIds: new Set(vendorIds),
    onEvent: (event) => events.push(event),
  })
  let count = 0
  return {
    stores,
    services,
    events,
    async connect(protocol, registration = 'accepted') {
      count += 1
      const id = `CP-${count}`
      const settings = { registration, securityProfileMin: 0, leniency: [] } as const
      await stores.chargePoints.create(id, settings, undefined)
      return { id, protocol, epoch: 1, registration, lastSeenAt: NOW }
    },
    putToken: (uid, token = {}) =>
      stores.idTokens.put({ uid, isBlocked: false, concurrentMax: 1, ...token }),
  }
}
