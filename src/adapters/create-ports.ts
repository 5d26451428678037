import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { DeadLetters } from '../ports/dead-letters.ts'
import type { FleetIndex } from '../ports/fleet-index.ts'
import type { Jobs } from '../ports/jobs.ts'
import { createEmbeddedDeadLetters } from './dead-letters/embedded.ts'
import { createEmbeddedFleetIndex } from './fleet-index/embedded.ts'
import { createEmbeddedJobs } from './jobs/embedded.ts'
import {
  createEmbeddedFeed,
  type EmbeddedFeed,
  type EmbeddedFeedOptions,
} from './telemetry-feed/embedded.ts'

/** Everything that Fleetgrid needs from outside. */
export interface Ports {
  readonly telemetryFeed: EmbeddedFeed
  readonly fleetIndex: FleetIndex
  readonly deadLetters: DeadLetters
  readonly jobs: Jobs
}

type FeedHooks = Omit<EmbeddedFeedOptions, 'host' | 'port' | 'anonymous' | 'connectionsMax'>

/** The only place that knows which adapter stands behind a port. Does no I/O. */
export function createPorts(config: Config, feedHooks: FeedHooks): Ports {
  return {
    telemetryFeed: createEmbeddedFeed({ ...config.telemetryFeed, ...feedHooks }),
    fleetIndex: createEmbeddedFleetIndex(config.fleetIndex),
    deadLetters: createEmbeddedDeadLetters(config.deadLetters),
    jobs: createEmbeddedJobs({ folder: join(config.dataDir, 'jobs') }),
  }
}
