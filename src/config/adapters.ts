// What each adapter needs to know; the member `adapter` chooses it. Times in ms, sizes in bytes.

/** How the AWS SDK reaches a service; credentials come from its default chain. */
export interface AwsConfig {
  readonly region: string
  /** Instead of AWS's own address: an emulator or a VPC endpoint. */
  readonly endpoint: string | undefined
  /** Instead of that chain: of an emulator in this process. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface EmbeddedFeedConfig {
  readonly adapter: 'embedded'
  readonly host: string
  readonly port: number
  readonly anonymous: 'all' | 'telemetry' | 'none'
  readonly connectionsMax: number
}

/** An MQTT 5 broker elsewhere: AWS IoT Core, Mosquitto. */
export interface MqttFeedConfig {
  readonly adapter: 'mqtt'
  /** Which library speaks MQTT. */
  readonly client: 'aws-sdk' | 'direct'
  /** mqtt://host:1883, mqtts://host:8883, wss://host:443/mqtt */
  readonly url: string
  /** Connections are `{prefix}-{number of the instance}-{n}`: the same for all instances of a system. */
  readonly clientIdPrefix: string
  /** Name of the shared subscription, the same for all instances. undefined: a plain one. */
  readonly shareName: string | undefined
  readonly connections: number
  /** Messages in flight without an acknowledgement, per connection. IoT Core allows 100. */
  readonly unacknowledgedMax: number
  readonly sessionExpirySeconds: number
  readonly keepAliveSeconds: number
  /** PEM files. Without a CA file the system's are used. */
  readonly caFile: string | undefined
  readonly certificateFile: string | undefined
  readonly keyFile: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  /** Sign the WebSocket's handshake with AWS credentials (SigV4) for this region. wss:// only. */
  readonly signingRegion: string | undefined
  /** `$aws/events/jobExecution/#` can't be shared: one instance, by lease, subscribes to it. */
  readonly platformEvents: boolean
}

/** Messages of an SQS queue that an IoT rule fills. */
export interface SqsFeedConfig extends SqsPollerConfig {
  readonly adapter: 'sqs'
}

export interface SqsPollerConfig extends SqsPollerLimits {
  readonly aws: AwsConfig
  readonly queueUrl: string
}

export interface SqsPollerLimits {
  /** Receive calls that wait at the same time. */
  readonly pollers: number
  /** Messages of one receive call, 1 to 10. */
  readonly receiveMax: number
  /** Messages received and not yet deleted; receiving stops there. */
  readonly inFlightMax: number
  /** Bytes of their bodies; a receive needs 1.05 MB of it free for each message that it may bring. */
  readonly inFlightMaxBytes: number
  /** While a message is being stored it is kept invisible, again and again for this long. */
  readonly visibilityMs: number
}

export type TelemetryFeedConfig = EmbeddedFeedConfig | MqttFeedConfig | SqsFeedConfig

/** An SQS queue elsewhere. */
export interface SqsWorkQueueConfig extends SqsPollerConfig {
  readonly adapter: 'sqs'
}

/** A queue in this process, for SQS clients of this machine. */
export interface EmbeddedWorkQueueConfig extends SqsPollerLimits {
  readonly adapter: 'embedded'
  readonly folder: string
  /** On 127.0.0.1; 0: a free one. */
  readonly port: number
  /** Beyond it nothing is taken; senders try again. */
  readonly sizeMaxBytes: number
}

export type WorkQueueConfig = EmbeddedWorkQueueConfig | SqsWorkQueueConfig

export interface EmbeddedFleetIndexConfig {
  readonly adapter: 'embedded'
  readonly dataDir: string
  readonly sizeMaxBytes: number
}

export interface OpenSearchFleetIndexConfig {
  readonly adapter: 'opensearch'
  readonly url: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly caFile: string | undefined
  /** Sign requests with AWS credentials (SigV4, service `es`) for this region. */
  readonly signingRegion: string | undefined
  /** Before every index, alias and template name; lets several systems share a cluster. */
  readonly indexPrefix: string
  readonly shards: number
  readonly replicas: number
  readonly refreshIntervalMs: number
  readonly requestTimeoutMs: number
  /** A bulk request is split where it would be larger. */
  readonly bulkSizeMaxBytes: number
  /** Bulk requests of history at the same time. */
  readonly bulkConcurrency: number
  /** Days of history that get an index of their own; older and future ones share one. */
  readonly historyRetentionMs: number
  /** Vehicles whose version in the index is remembered, so that a write needs no read. */
  readonly vehiclesMax: number
}

export type FleetIndexConfig = EmbeddedFleetIndexConfig | OpenSearchFleetIndexConfig

export interface EmbeddedDatabaseConfig {
  readonly adapter: 'embedded'
  readonly dataDir: string
}

export interface PostgresDatabaseConfig {
  readonly adapter: 'postgres'
  /** postgres://user:password@host:5432/name */
  readonly url: string
  readonly poolMax: number
  /** `require` encrypts without knowing the server; `verify` checks its certificate too. */
  readonly tls: 'off' | 'require' | 'verify'
  readonly caFile: string | undefined
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
}

export type DatabaseConfig = EmbeddedDatabaseConfig | PostgresDatabaseConfig

export interface EmbeddedObjectStoreConfig {
  readonly adapter: 'embedded'
  /** Objects are files below it. */
  readonly folder: string
}

export interface S3ObjectStoreConfig {
  readonly adapter: 's3'
  readonly aws: AwsConfig
  readonly bucket: string
  /** Before every key, with its slash; may be empty. */
  readonly keyPrefix: string
}

export type ObjectStoreConfig = EmbeddedObjectStoreConfig | S3ObjectStoreConfig

export interface KinesisStreamConfig {
  readonly adapter: 'kinesis'
  readonly aws: AwsConfig
  readonly streamName: string
  /** Of the service, or of the stream (MaxRecordSizeInKiB). */
  readonly limits: {
    readonly recordsMax: number
    readonly bytesMax: number
    readonly recordBytesMax: number
  }
  readonly requestTimeoutMs: number
}

export interface EmbeddedEventStreamConfig {
  readonly adapter: 'embedded'
  readonly dataDir: string
  readonly sizeMaxBytes: number
  /** Older events are dropped. */
  readonly retentionMs: number
}

export type EventStreamConfig = EmbeddedEventStreamConfig | KinesisStreamConfig

export interface CsvConfig {
  readonly columns: readonly string[]
  /** Before the hour in the names of CSV objects, with its slash. */
  readonly prefix: string
  /** Before `processing-failed/` and the hour, for records that can't be rows. */
  readonly errorPrefix: string
}

export interface EmbeddedArchiveConfig {
  readonly adapter: 'embedded'
  /** Of what isn't an object yet. */
  readonly folder: string
  /** Before the hour in each object's name, with its slash. */
  readonly prefix: string
  readonly extension: string
  /** undefined: no CSV beside the raw objects. */
  readonly csv: CsvConfig | undefined
  /** An object holds about so much, before compression … */
  readonly bufferBytes: number
  /** … or what has come in this time, whichever is first. */
  readonly bufferMs: number
  /** Beyond it nothing is taken until the object store takes some. */
  readonly sizeMaxBytes: number
}

export interface FirehoseArchiveConfig {
  readonly adapter: 'firehose'
  readonly aws: AwsConfig
  readonly streamName: string
  readonly requestTimeoutMs: number
}

export type ArchiveConfig = EmbeddedArchiveConfig | FirehoseArchiveConfig
