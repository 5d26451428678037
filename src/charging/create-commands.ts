import type { ChargingCommand } from '../domain/charging-command.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { ChargingCommands } from '../ports/charging-commands.ts'
import type { Signals } from '../ports/signals.ts'
import type { ChargePointKeys } from './charge-point-keys.ts'
import type { CommandEffects } from './command-effects.ts'
import type { OnCommandEvent } from './command-event.ts'
import { CommandNews } from './command-news.ts'
import { CommandStreams } from './command-streams.ts'
import { createCommandUpkeep } from './command-upkeep.ts'
import { CommandWebhooks } from './command-webhooks.ts'
import { CommandWorker } from './command-worker.ts'
import { Commands } from './commands.ts'
import type { ChargePointChannel } from './session.ts'
import { createWebhookCheck, type WebhookSettings } from './webhook-rules.ts'

// The parts of commands: asked for (commands) → carried out (worker) → news of it → who waits
// (commands), streams, webhooks; and upkeep for what nobody tells.

/** What is answered while charge points go away is stored within this. */
const STOP_GRACE_MS = 5000

export interface CommandPartsOptions {
  readonly commands: ChargingCommands
  readonly chargePoints: ChargePoints
  readonly signals: Signals
  readonly keys: ChargePointKeys
  readonly effects: CommandEffects
  readonly instance: string
  readonly clock: { now(): number }
  readonly webhooks: WebhookSettings
  readonly streamsMax: number
  /** Its channel, if it is connected here. */
  readonly findChannel: (chargePointId: string) => ChargePointChannel | undefined
  /** As an operator sees it. */
  readonly render: (command: ChargingCommand) => object
  readonly onEvent: OnCommandEvent
}

export interface CommandParts {
  readonly commands: Commands
  readonly worker: CommandWorker
  readonly streams: CommandStreams
  start(): void
  /** Nobody is called by webhook any more. */
  drain(overMs: number): Promise<void>
  /** After the channels are closed. */
  stop(): Promise<void>
}

export function createCommandParts(options: CommandPartsOptions): CommandParts {
  const { onEvent } = options
  const onFailure = (what: string, error: unknown) => onEvent({ kind: 'failed', what, error })
  const news = new CommandNews({ ...options, onFailure })
  const worker = new CommandWorker({ ...options, news })
  const checkWebhookUrl = createWebhookCheck(options.webhooks)
  const commands = new Commands({ ...options, news, worker, checkWebhookUrl })
  const streams = new CommandStreams({ ...options, news, onFailure })
  const webhooks = new CommandWebhooks({ ...options, settings: options.webhooks })
  const upkeep = createCommandUpkeep({ ...options, worker, onFailure })
  if (options.webhooks.hosts.size > 0) news.subscribe(() => webhooks.look())
  return {
    commands,
    worker,
    streams,
    start() {
      news.start()
      worker.start()
      commands.start()
      streams.start()
      webhooks.start()
      upkeep.start()
    },
    drain: (overMs) => webhooks.stop(overMs),
    async stop() {
      streams.close()
      commands.stop()
      await Promise.all([upkeep.stop(), webhooks.stop(0)])
      await worker.stop(STOP_GRACE_MS)
      news.stop()
    },
  }
}
