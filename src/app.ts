import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import fastifyCors from '@fastify/cors'
import fastifyHelmet from '@fastify/helmet'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { anomalyRoutes } from './anomalies/routes.ts'
import type { Config } from './config/config.ts'
import type { RedriveLetter } from './dead-letters/redrive.ts'
import { deadLetterRoutes } from './dead-letters/routes.ts'
import type { Clock } from './domain/clock.ts'
import type { LiveVehicles } from './fleet/live-vehicles.ts'
import { fleetRoutes } from './fleet/routes.ts'
import type { Keys } from './http/auth.ts'
import { registerTokens } from './http/authenticate.ts'
import { handleClientError } from './http/client-error.ts'
import { createBuildValidator } from './http/compile-schemas.ts'
import { handleFrameworkError, registerErrors, registerNotFound } from './http/errors.ts'
import type { Metrics } from './http/metrics.ts'
import { observeRequests } from './http/observe-requests.ts'
import { registerDocs, registerOpenapi } from './http/openapi.ts'
import { operationsRoutes, refuseWhileStarting } from './http/operations-routes.ts'
import { registerRateLimit } from './http/rate-limit.ts'
import { Problem } from './http/schemas.ts'
import { registerMqttSocket, registerWebsockets, type UpgradeRoute } from './http/websockets.ts'
import type { DeadLetters } from './ports/dead-letters.ts'
import type { FleetIndex } from './ports/fleet-index.ts'
import type { FeedMessage } from './ports/telemetry-feed.ts'

// What passes through here: every HTTP request and WebSocket. Plugins and routes in the order in
// which they are registered; each scope of routes brings its own check of tokens.

export interface AppDeps {
  readonly config: Pick<Config, 'http' | 'queries'>
  readonly logger: Logger
  readonly metrics: Metrics
  readonly clock: Clock
  readonly keys: Keys
  /** What keeps this process from serving, in words for a person; empty means ready. */
  readonly health: { check(): Promise<readonly string[]> }
  /** What this process still does before it can serve; undefined once it can. */
  readonly starting?: () => string | undefined
  /** Without it: no vehicle routes. */
  readonly fleet?: { readonly index: FleetIndex; readonly live: LiveVehicles }
  /** Without it: no routes for them. */
  readonly deadLetters?: { readonly store: DeadLetters; readonly redrive: RedriveLetter }
  /** Without it: no charge points. */
  readonly charging?: { readonly upgrades: UpgradeRoute; readonly routes: FastifyPluginAsync }
  /** Without it: no submissions. */
  readonly submissions?: FastifyPluginAsync
  /** Without it: no replay of the archive. */
  readonly archive?: FastifyPluginAsync
  /** Takes messages that come over HTTP; without it: no routes for them. */
  readonly deliver?: (message: FeedMessage) => void
  /** An MQTT client on the WebSocket /mqtt; without it the path doesn't exist. */
  readonly mqttSocket?: ((stream: Duplex, request: IncomingMessage) => void) | undefined
}

// A query travels in the URL: a hundred boxes, encoded twice, need about 40 KB. AWS's load balancer
// lets 64 KB of headers through.
const HEADER_SIZE_MAX_BYTES = 65_536
const BODY_SIZE_MAX_BYTES = 1_048_576
const PARAMETER_LENGTH_MAX = 256
/** For a request to arrive; then for a connection on which nothing moves. */
const REQUEST_TIMEOUT_MS = 30_000
const CONNECTION_TIMEOUT_MS = 120_000
/** Longer than the load balancer's 60 s: who closes first must not be us. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000
/** Answers are data; nothing in them is to be run or framed. /docs has a policy of its own. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
}
/** What the routes use; left out, a browser may only read and POST, and sees no such header. */
const CORS = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposedHeaders: ['location', 'retry-after', 'x-request-id'],
}
const REQUEST_ID = /^[\w.-]{1,64}$/

/** Does not listen. Closing it ends live streams first, then waits for requests under way. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { config, metrics, keys, fleet, charging, submissions, archive } = deps
  const { deliver, deadLetters, mqttSocket } = deps
  const app = createServer(deps)
  refuseUnknownParameters(app)
  registerErrors(app)
  app.addSchema(Problem)
  await registerWebsockets(app, charging === undefined ? [] : [charging.upgrades])
  observeRequests(app, metrics)
  if (deps.starting !== undefined) refuseWhileStarting(app, deps.starting)
  await app.register(fastifyHelmet, { contentSecurityPolicy: CONTENT_SECURITY_POLICY })
  const { rateLimitPerSecond, corsOrigins } = config.http
  if (corsOrigins.length > 0) {
    const origin = corsOrigins.includes('*') ? '*' : [...corsOrigins]
    await app.register(fastifyCors, { origin, ...CORS })
  }
  await registerTokens(app, keys)
  if (rateLimitPerSecond > 0) await registerRateLimit(app, rateLimitPerSecond)
  registerNotFound(app, rateLimitPerSecond > 0 ? app.rateLimit() : undefined)
  await registerOpenapi(app)
  await registerDocs(app)
  await app.register(operationsRoutes, { health: deps.health, metrics })
  if (fleet !== undefined) {
    await app.register(fleetRoutes, { ...fleet, clustersMax: config.queries.clustersMax })
  }
  if (charging !== undefined) await app.register(charging.routes)
  if (archive !== undefined) await app.register(archive)
  if (submissions !== undefined) await app.register(submissions)
  if (deliver !== undefined) await app.register(anomalyRoutes, { deliver, clock: deps.clock })
  if (deadLetters !== undefined) {
    await app.register(deadLetterRoutes, { ...deadLetters, clock: deps.clock })
  }
  if (mqttSocket !== undefined) registerMqttSocket(app, mqttSocket)
  return app
}

/** A parameter that nobody knows changes nothing: whoever wrote it has to hear of that. */
function refuseUnknownParameters(app: FastifyInstance): void {
  app.addHook('onRoute', ({ schema }) => {
    const query = schema?.querystring as { type?: string; additionalProperties?: boolean }
    if (query?.type === 'object') query.additionalProperties ??= false
  })
}

function createServer({ config, logger }: AppDeps): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = logger
  return Fastify({
    loggerInstance,
    // Logged with its outcome instead: see observe-requests.ts and errors.ts.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.http.trustedProxies.length > 0 ? [...config.http.trustedProxies] : false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
    },
    bodyLimit: BODY_SIZE_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize: HEADER_SIZE_MAX_BYTES },
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    exposeHeadRoutes: false,
    frameworkErrors: handleFrameworkError,
    clientErrorHandler: handleClientError,
    schemaController: { compilersFactory: { buildValidator: createBuildValidator() } },
  })
}
