import { integer, oneOf, optionalText, optionalUrl, text } from '../variable.ts'

/** Where messages come from. */
export const feedVariables = {
  TELEMETRY_FEED: oneOf(['embedded', 'mqtt', 'sqs'], {
    default: 'embedded',
    description:
      'Where vehicle messages come from: an MQTT 3.1.1 broker in this process, an MQTT 5 broker elsewhere (AWS IoT Core, Mosquitto), or an SQS queue that an IoT rule fills.',
  }),
  MQTT_HOST: text({
    engine: 'TELEMETRY_FEED=embedded',
    default: '127.0.0.1',
    description:
      'Address of the embedded broker. It has no TLS: put one in front before opening it.',
  }),
  MQTT_PORT: integer({
    engine: 'TELEMETRY_FEED=embedded',
    default: 1883,
    min: 0,
    max: 65_535,
    description: '0 picks a free port.',
  }),
  MQTT_ANONYMOUS: oneOf(['auto', 'all', 'telemetry', 'none'], {
    engine: 'TELEMETRY_FEED=embedded',
    default: 'auto',
    description:
      'What clients without a token may publish: all topics, dt/cvra/# only, or nothing. auto is all on a loopback address and none elsewhere.',
  }),
  MQTT_CONNECTIONS_MAX: integer({
    engine: 'TELEMETRY_FEED=embedded',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    description: 'Of the embedded broker; more are closed at once.',
  }),

  MQTT_URL: optionalUrl({
    protocols: ['mqtt', 'mqtts', 'wss'],
    engine: 'TELEMETRY_FEED=mqtt',
    required: true,
    description:
      'The broker: mqtt://host:1883, mqtts://host:8883, or wss://host:443/mqtt. Of AWS IoT Core the endpoint that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` names.',
  }),
  MQTT_CLIENT: oneOf(['auto', 'aws-sdk', 'direct'], {
    engine: 'TELEMETRY_FEED=mqtt',
    default: 'auto',
    description:
      'aws-sdk is aws-iot-device-sdk-v2: also for wss:// and signed handshakes. direct costs a fraction of its CPU, over mqtt:// and mqtts://. auto takes aws-sdk for wss:// and for *.amazonaws.com (AWS IoT Core).',
  }),
  MQTT_CLIENT_ID_PREFIX: text({
    engine: 'TELEMETRY_FEED=mqtt',
    default: 'fleetgrid',
    pattern: [/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits, and ._:-'],
    description:
      'Connections are called {prefix}-{instance}-{n}. The same for all instances of one system that share DATABASE=postgres, where the number of each is decided. Instances with a database of their own each need their own one, and so does another system on this broker.',
  }),
  MQTT_SUBSCRIPTION: oneOf(['shared', 'plain'], {
    engine: 'TELEMETRY_FEED=mqtt',
    default: 'shared',
    description:
      'shared spreads messages over connections and instances. plain is for one instance with MQTT_CONNECTIONS=1: Mosquitto 2.0 forgets shared subscriptions when it restarts, and drops what comes until Fleetgrid is back.',
  }),
  MQTT_SHARE_NAME: text({
    engine: 'TELEMETRY_FEED=mqtt',
    default: 'fleetgrid',
    pattern: [/^[^/+#]{1,128}$/, 'must be 1 to 128 characters without / + #'],
    description: 'Of the shared subscription: the same for all instances of one system.',
  }),
  MQTT_CONNECTIONS: integer({
    engine: 'TELEMETRY_FEED=mqtt',
    default: 10,
    min: 1,
    max: 1000,
    unit: 'connections',
    description:
      'Of this instance to the broker. AWS IoT Core delivers at most 100 messages/s on each.',
  }),
  MQTT_UNACKNOWLEDGED_MAX: integer({
    engine: 'TELEMETRY_FEED=mqtt',
    default: 100,
    min: 1,
    max: 65_535,
    unit: 'messages',
    description: 'In flight on each connection. AWS IoT Core allows 100.',
  }),
  MQTT_SESSION_EXPIRY_S: integer({
    engine: 'TELEMETRY_FEED=mqtt',
    default: 3600,
    min: 60,
    max: 604_800,
    unit: 's',
    description: 'How long the broker keeps messages for a connection that is away.',
  }),
  MQTT_KEEP_ALIVE_S: integer({
    engine: 'TELEMETRY_FEED=mqtt',
    default: 30,
    min: 5,
    max: 1200,
    unit: 's',
    description:
      'A connection that is silent for longer is opened anew. AWS IoT Core wants 30 to 1200.',
  }),
  MQTT_CA_FILE: optionalText({
    engine: 'TELEMETRY_FEED=mqtt',
    description:
      'PEM file of the authority that signed the broker’s certificate. Not set: the system’s.',
  }),
  MQTT_CERTIFICATE_FILE: optionalText({
    engine: 'TELEMETRY_FEED=mqtt',
    description: 'PEM file of the client certificate, for mutual TLS; with MQTT_KEY_FILE.',
  }),
  MQTT_KEY_FILE: optionalText({
    engine: 'TELEMETRY_FEED=mqtt',
    description: 'PEM file of its private key.',
  }),
  MQTT_USERNAME: optionalText({ engine: 'TELEMETRY_FEED=mqtt', description: 'Of the broker.' }),
  MQTT_PASSWORD: optionalText({
    engine: 'TELEMETRY_FEED=mqtt',
    secret: true,
    description: 'Of the broker.',
  }),
  MQTT_SIGNING_REGION: optionalText({
    engine: 'TELEMETRY_FEED=mqtt',
    description:
      'AWS region: sign the handshake of wss:// with the AWS credentials of the environment (SigV4).',
  }),
  MQTT_PLATFORM_EVENTS: oneOf(['on', 'off'], {
    engine: 'TELEMETRY_FEED=mqtt',
    default: 'on',
    description:
      'Subscribe to $aws/events/jobExecution/#. It can’t be shared: of all instances one does, by a lease in the database.',
  }),

  TELEMETRY_QUEUE_URL: optionalUrl({
    engine: 'TELEMETRY_FEED=sqs',
    required: true,
    description: 'Queue that an IoT rule fills; docs/how-to/sqs-feed.md has the rule.',
  }),
  ANOMALY_QUEUE_URL: optionalUrl({
    description:
      'SQS queue with DynamoDB stream records of anomalies (an EventBridge pipe); read beside any feed.',
  }),
  RULE_ERROR_QUEUE_URL: optionalUrl({
    description: 'SQS queue with the error messages of IoT rules; read beside any feed.',
  }),
  SQS_POLLERS: integer({
    engine: 'SQS queues',
    default: 4,
    min: 1,
    max: 100,
    unit: 'requests',
    description: 'Receive requests that wait at the same time, for each queue.',
  }),
  SQS_RECEIVE_MAX: integer({
    engine: 'SQS queues',
    default: 10,
    min: 1,
    max: 10,
    unit: 'messages',
    description:
      'Of one receive request, for each queue. Less spreads a few large messages over instances; every request costs the same.',
  }),
  SQS_IN_FLIGHT_MAX: integer({
    engine: 'SQS queues',
    default: 5000,
    min: 10,
    max: 100_000,
    unit: 'messages',
    description:
      'Received and not yet deleted, for each queue; then receiving waits. Of all queues together no more than WRITE_QUEUE_MAX.',
  }),
  SQS_IN_FLIGHT_MAX_MB: integer({
    engine: 'SQS queues',
    default: 64,
    min: 11,
    max: 100_000,
    unit: 'MB',
    description:
      'Of the bodies of these messages, for each queue. A receive sets 1.05 MB aside until it is answered for each of SQS_RECEIVE_MAX: with less than that for each of SQS_POLLERS, fewer wait at the same time.',
  }),
  SQS_VISIBILITY_S: integer({
    engine: 'SQS queues',
    default: 60,
    min: 10,
    max: 43_200,
    unit: 's',
    description:
      'How long a message stays invisible to others; extended again and again while it is being stored.',
  }),
} as const
