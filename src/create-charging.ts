import type { FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import type { Ports } from './adapters/create-ports.ts'
import { createAdmissions } from './charging/admission.ts'
import { ChargePointKeys } from './charging/charge-point-keys.ts'
import type { ChargingEvent } from './charging/charging-event.ts'
import { createCommandEffects } from './charging/command-effects.ts'
import type { CommandEvent } from './charging/command-event.ts'
import { createCommandParts } from './charging/create-commands.ts'
import { createServices } from './charging/create-services.ts'
import { createInstanceWatch } from './charging/instance-watch.ts'
import { type ConnectedHere, Presence } from './charging/presence.ts'
import { renderCommand } from './charging/routes/render.ts'
import { chargingRoutes } from './charging/routes/routes.ts'
import type { Config } from './config/config.ts'
import type { Clock } from './domain/clock.ts'
import type { Metrics } from './http/metrics.ts'
import type { UpgradeRoute } from './http/websockets.ts'
import { type LimitedLine, limitLines } from './lib/limited-lines.ts'
import { deviationRoutes } from './ocpp/deviation-routes.ts'
import { Gateway } from './ocpp/gateway.ts'
import { DEFAULT_OCPP_OPTIONS } from './ocpp/ocpp-options.ts'
import { actions16 } from './ocpp/v16/actions.ts'
import { actions201 } from './ocpp/v201/actions.ts'
import { wireLogRoutes } from './ocpp/wire-log-routes.ts'

// The parts of charging, top to bottom: who is connected (gateway) ← who may be (admissions) → what is
// told (services) and what is to be done (commands) → the REST routes over all of it.

export interface ChargingDeps {
  readonly config: Config
  readonly ports: Pick<Ports, 'charging' | 'leases' | 'signals'>
  readonly instance: string
  readonly metrics: Metrics
  readonly logger: Logger
  readonly clock: Clock
}

export interface Charging {
  readonly upgrades: UpgradeRoute
  readonly routes: FastifyPluginAsync
  start(): Promise<void>
  /** No new connections; those that are here are closed, evenly over the time given. */
  drain(overMs: number): Promise<void>
  stop(): Promise<void>
}

const PRESENCE_FLUSH_MS = 30_000
const BOOT_RETRY_S = 60
const ACTIONS = { '1.6': actions16, '2.0.1': actions201 }

export function createCharging(deps: ChargingDeps): Charging {
  const { config, ports, instance, metrics, logger, clock } = deps
  const { commands: store, ...stores } = ports.charging
  const { chargePoints, holdings } = stores
  const { selfRegistration, heartbeatIntervalSeconds, keySecret, vendorIds } = config.charging
  const keys = new ChargePointKeys(keySecret)
  const connected: ConnectedHere = {
    get: (id) => gateway.connections.get(id),
    sessions: () => gateway.connections.sessions(),
  }
  const shared = { chargePoints, instance, clock, signals: ports.signals }
  const warn = limitLines((about, text) => logger.warn(about, text))
  const onFailure = (what: string, err: unknown) => warn(what, { err }, `charging: ${what} failed`)

  const { commands, worker, streams, ...commandParts } = createCommandParts({
    ...shared,
    keys,
    commands: store,
    effects: createCommandEffects({ holdings, chargePoints, keys }),
    webhooks: config.charging.webhooks,
    streamsMax: config.stream.clientsMax,
    findChannel: connected.get,
    render: renderCommand,
    onEvent: (event) => observeCommand(event, metrics, logger, warn),
  })
  const presence = new Presence({
    ...shared,
    connected,
    flushIntervalMs: PRESENCE_FLUSH_MS,
    onSettings: (id, settings) => gateway.refresh(id, settings),
    onTurnedAway: (id, reason) => gateway.turnAway(id, reason),
    onFailure,
  })
  const isAlone = config.database.adapter === 'embedded'
  const watch = createInstanceWatch({ ...shared, leases: ports.leases, isAlone, onFailure })
  const onEvent = ({ kind, outcome, chargePointId }: ChargingEvent): void => {
    metrics.chargingEvents.inc({ kind, outcome })
    // After the answer, which tells it whether it is accepted.
    if (kind === 'boot' && chargePointId !== undefined) {
      setImmediate(() => worker.booted(chargePointId))
    }
  }
  const gateway = new Gateway({
    admissions: createAdmissions({ ...shared, keys, selfRegistration }),
    presence: {
      joined(channel, previousInstance) {
        presence.joined(channel, previousInstance)
        worker.joined(channel)
      },
      left: (channel, previousInstance) => presence.left(channel, previousInstance),
    },
    services: createServices({
      ...{ ...stores, clock, onEvent, vendorIds },
      ...{ heartbeatIntervalSeconds, bootRetryIntervalSeconds: BOOT_RETRY_S },
    }),
    ...{ actions: ACTIONS, options: { ...DEFAULT_OCPP_OPTIONS, ...config.charging.ocpp } },
    trustedProxies: config.http.trustedProxies,
    ...{ metrics, logger, clock },
  })
  return {
    upgrades: gateway,
    routes: async (app) => {
      await app.register(gateway.routes)
      await app.register(wireLogRoutes, { wireLog: gateway.wireLog })
      await app.register(deviationRoutes, { deviations: gateway.deviations })
      await app.register(chargingRoutes, {
        ...{ ...stores, commands, store, streams, keys, clock },
        onTurnedAway: (id) => presence.turnAway(id),
        onChanged: (id) => presence.changed(id),
      })
    },
    async start() {
      await keys.open()
      presence.start()
      watch.start()
      commandParts.start()
      gateway.start()
    },
    async drain(overMs) {
      await Promise.all([gateway.drain(overMs), commandParts.drain(overMs)])
    },
    async stop() {
      await commandParts.stop()
      presence.stop()
      await presence.flush()
      await watch.stop()
    },
  }
}

function observeCommand(
  event: CommandEvent,
  metrics: Metrics,
  logger: Logger,
  warn: LimitedLine,
): void {
  if (event.kind === 'failed') {
    const { what, error } = event
    warn(what, { err: error }, `charging commands: ${what} failed`)
    return
  }
  if (event.kind === 'webhook') {
    metrics.chargingWebhooks.inc({ outcome: event.outcome })
    return
  }
  const { id, kind, chargePointId } = event.command
  const outcome = event.kind === 'ended' ? event.state : event.kind
  metrics.chargingCommands.inc({ kind, outcome })
  logger.debug({ command: id, kind, chargePoint: chargePointId, outcome }, 'command')
}
