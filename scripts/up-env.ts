import type { Engines } from '../test/engines/all.ts'
import { AWS_EMULATOR_ENV } from '../test/engines/aws.ts'

// What docker-compose.yml says to the service, for engines of this machine; a test compares the two.

/** As INITIALIZE_STREAMS there. */
export const EVENT_STREAM = { name: 'fleetgrid-events', shards: 2 }

/** Of docker/aws/init.json. */
const QUEUES = {
  TELEMETRY_QUEUE_URL: 'fleetgrid-telemetry',
  ANOMALY_QUEUE_URL: 'fleetgrid-anomalies',
  RULE_ERROR_QUEUE_URL: 'fleetgrid-rule-errors',
  SUBMISSION_QUEUE_URL: 'fleetgrid-submissions',
  SUBMISSION_DIAGNOSTIC_QUEUE_URL: 'fleetgrid-submission-diagnostics',
}

/** Which engines, and where: for the service and for whoever sends to it. */
export function createUpEnv(
  engines: Readonly<Record<keyof Engines, { readonly url: string }>>,
): Record<string, string> {
  const { mosquitto, opensearch, postgres, aws, kinesis } = engines
  const queues = Object.entries(QUEUES).map(([variable, name]) => [
    variable,
    `${aws.url}/000000000000/${name}`,
  ])
  return {
    TELEMETRY_FEED: 'mqtt',
    MQTT_URL: mosquitto.url,
    // Mosquitto 2.0 forgets shared subscriptions when it restarts.
    MQTT_SUBSCRIPTION: 'plain',
    MQTT_CONNECTIONS: '1',
    MQTT_UNACKNOWLEDGED_MAX: '2000',
    FLEET_INDEX: 'opensearch',
    OPENSEARCH_URL: opensearch.url,
    OPENSEARCH_REPLICAS: '0',
    DATABASE: 'postgres',
    DATABASE_URL: postgres.url,
    // Of this machine, where nobody else reaches the engines either.
    CHARGE_POINT_KEY_SECRET: 'for this machine only, not a secret',
    OBJECT_STORE: 's3',
    S3_BUCKET: 'fleetgrid',
    SUBMISSION_QUEUE: 'auto',
    EVENT_STREAM: 'kinesis',
    EVENT_STREAM_NAME: EVENT_STREAM.name,
    ARCHIVE: 'embedded',
    AWS_ENDPOINT_URL: aws.url,
    AWS_ENDPOINT_URL_KINESIS: kinesis.url,
    ...AWS_EMULATOR_ENV,
    ...Object.fromEntries(queues),
  }
}
