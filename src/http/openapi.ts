import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

export const API_VERSION = '1.0.0'

/** Collects the schemas of every route registered after it. */
export async function registerOpenapi(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Fleetgrid',
        version: API_VERSION,
        description:
          'Vehicles of a connected fleet: what they are, where they are, what is wrong with them. Paths and shapes are those of the Connected Mobility Solution’s fleet manager.',
      },
      tags: [
        { name: 'vehicles', description: 'The newest state of the fleet. Role: viewer' },
        { name: 'history', description: 'What was. Role: viewer' },
        { name: 'charging', description: 'Charge points and what they do. Role: operator' },
        { name: 'anomalies', description: 'Anomalies that a caller hands over. Role: operator' },
        { name: 'submissions', description: 'From sensors to events. Role: operator' },
        { name: 'archive', description: 'Raw messages, and what Firehose calls. Role: operator' },
        { name: 'dead letters', description: 'Messages that could not be used. Role: operator' },
        { name: 'operations', description: 'For load balancers and Prometheus. No token' },
      ],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description:
              'RS256. Roles viewer < operator < admin in the claim cognito:groups. At home: make token ROLE=operator',
          },
          firehose: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Amz-Firehose-Access-Key',
            description: 'The variable FIREHOSE_ACCESS_KEY',
          },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
    },
  })
}

/** The document for people, at /docs; as JSON at /docs/json. No token: it tells nothing of a fleet. */
export async function registerDocs(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    // Its own policy, made for its files, instead of helmet's.
    staticCSP: true,
    // It would ask for https of an instance that has none.
    transformStaticCSP: (policy) => policy.replace(/\s*upgrade-insecure-requests;?/, ''),
    uiConfig: { docExpansion: 'list', persistAuthorization: true, tryItOutEnabled: true },
  })
}
