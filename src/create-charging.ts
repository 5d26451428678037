import type { FastifyPluginAsync } from 'fastify'
import type { Logger } from 'pino'
import type { Ports } from './adapters/create-ports.ts'
import { createAdmissions } from './charging/admission.ts'
import { ChargePointKeys } from './charging/charge-point-keys.ts'
import type { ChargingEvent } from './charging/charging-event.ts'
import { type CommandEvent, Commands } from './charging/commands.ts'
import { createServices } from './charging/create-services.ts'
import { type ConnectedHere, Presence } from './charging/presence.ts'
import { chargingRoutes } from './charging/routes/routes.ts'
import type { Config } from './config/config.ts'
import type { Clock } from './domain/clock.ts'
import type { Metrics } from './http/metrics.ts'
import type { UpgradeRoute } from './http/websockets.ts'
import { Gateway } from './ocpp/gateway.ts'
import { DEFAULT_OCPP_OPTIONS } from './ocpp/ocpp-options.ts'
import { actions16 } from './ocpp/v16/actions.ts'
import { actions201 } from './ocpp/v201/actions.ts'
import { wireLogRoutes } from './ocpp/wire-log-routes.ts'

// The parts of charging, top to bottom: who is connected (gateway) ← who may be (admissions) → what is
// told (services) and what is to be done (commands) → the REST routes over all of it.

export interface ChargingDeps {
  readonly config: Config
  readonly ports: Pick<Ports, 'charging' | 'signals'>
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

export function createCharging(deps: ChargingDeps): Charging {
  const { config, ports, instance, metrics, logger, clock } = deps
  const { chargePoints, idTokens, transactions, commands: store, records } = ports.charging
  const { selfRegistration, heartbeatIntervalSeconds, keySecret, vendorIds, ocpp } = config.charging
  const keys = new ChargePointKeys(keySecret)
  const connected: ConnectedHere = {
    get: (id) => gateway.connections.get(id),
    sessions: () => gateway.connections.sessions(),
  }
  const shared = { chargePoints, instance, clock, signals: ports.signals }

  const commands = new Commands({
    ...shared,
    keys,
    commands: store,
    findChannel: connected.get,
    onEvent: (event) => observeCommand(event, metrics, logger),
  })
  const presence = new Presence({
    ...shared,
    connected,
    flushIntervalMs: PRESENCE_FLUSH_MS,
    onFailure: (what, err) => logger.warn({ err }, `charging: ${what} failed`),
  })
  const onEvent = ({ kind, outcome, chargePointId }: ChargingEvent): void => {
    metrics.chargingEvents.inc({ kind, outcome })
    // After the answer, which tells it that it is accepted.
    if (kind === 'boot' && chargePointId !== undefined)
      setImmediate(() => commands.work(chargePointId))
  }
  const gateway = new Gateway({
    admissions: createAdmissions({ ...shared, keys, selfRegistration }),
    presence: {
      joined(channel, previousInstance) {
        presence.joined(channel, previousInstance)
        commands.joined(channel.session.id)
      },
      left: (channel) => presence.left(channel),
    },
    services: createServices({
      ...{ chargePoints, idTokens, transactions, records, clock, onEvent },
      ...{ heartbeatIntervalSeconds, bootRetryIntervalSeconds: BOOT_RETRY_S, vendorIds },
    }),
    actions: { '1.6': actions16, '2.0.1': actions201 },
    options: { ...DEFAULT_OCPP_OPTIONS, ...ocpp },
    trustedProxies: config.http.trustedProxies,
    ...{ metrics, logger, clock },
  })
  return {
    upgrades: gateway,
    routes: async (app) => {
      await app.register(gateway.routes)
      await app.register(wireLogRoutes, { wireLog: gateway.wireLog })
      await app.register(chargingRoutes, {
        ...{ chargePoints, records, idTokens, transactions, commands, store, keys },
        onTurnedAway: (id) => void gateway.connections.drop(id, 'its settings have changed'),
      })
    },
    async start() {
      await keys.open()
      presence.start()
      commands.start()
      gateway.start()
    },
    async drain(overMs) {
      await gateway.drain(overMs)
    },
    async stop() {
      commands.stop()
      presence.stop()
      await presence.flush()
    },
  }
}

function observeCommand(event: CommandEvent, metrics: Metrics, logger: Logger): void {
  if (event.kind === 'failed') {
    logger.warn({ err: event.error }, `charging commands: ${event.what} failed`)
    return
  }
  const { id, kind, chargePointId } = event.command
  const outcome = event.kind === 'ended' ? event.state : event.kind
  metrics.chargingCommands.inc({ kind, outcome })
  logger.debug({ command: id, kind, chargePoint: chargePointId, outcome }, 'command')
}
