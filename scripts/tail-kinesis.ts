import { setTimeout as pause } from 'node:timers/promises'
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  type ListShardsCommandOutput,
  type Shard,
  type ShardIteratorType,
} from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { KinesisStreamConfig } from '../src/config/adapters.ts'

// Reads a Kinesis stream: all its shards, and when one is split or merged, those that it has become. These
// are begun when what they came from is read to its end, so that the events of a key keep their order.

export interface TailKinesisOptions {
  /** From the oldest record on, not from now. */
  readonly fromStart: boolean
  /** Goes on where the stream ends now. */
  readonly follows: boolean
  readonly print: (data: Uint8Array) => void
}

/** A shard may be read five times a second. */
const POLL_MS = 1000
const PAGE = 1000

/** Ends when the stream does, or never. */
export async function tailKinesis(
  { aws, streamName }: KinesisStreamConfig,
  options: TailKinesisOptions,
): Promise<void> {
  const { region, endpoint } = aws
  const client = new KinesisClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: new NodeHttpHandler(),
  })
  await new KinesisTail(client, streamName, options).run()
}

class KinesisTail {
  readonly #client: KinesisClient
  readonly #streamName: string
  readonly #options: TailKinesisOptions
  /** By id: shards that are being read, or were. */
  readonly #begun = new Set<string | undefined>()
  /** Closed, and read to their end. */
  readonly #ended = new Set<string | undefined>()

  constructor(client: KinesisClient, streamName: string, options: TailKinesisOptions) {
    this.#client = client
    this.#streamName = streamName
    this.#options = options
  }

  async run(): Promise<void> {
    const shards = await this.#listShards()
    if (this.#options.fromStart) {
      await this.#readReady(shards, 'TRIM_HORIZON')
      return
    }
    // What is closed gets nothing from now on.
    for (const shard of shards) {
      if (!isClosed(shard)) continue
      this.#begun.add(shard.ShardId)
      this.#ended.add(shard.ShardId)
    }
    await this.#readReady(shards, 'LATEST')
  }

  /** Those that nobody reads yet, unless what they came from is still to be read. */
  async #readReady(shards: readonly Shard[], from: ShardIteratorType): Promise<void> {
    const listed = new Set(shards.map(({ ShardId }) => ShardId))
    const isToBeRead = (id: string | undefined) => listed.has(id) && !this.#ended.has(id)
    const ready = shards.filter(
      ({ ShardId, ParentShardId, AdjacentParentShardId }) =>
        !this.#begun.has(ShardId) &&
        !isToBeRead(ParentShardId) &&
        !isToBeRead(AdjacentParentShardId),
    )
    for (const { ShardId } of ready) this.#begun.add(ShardId)
    await Promise.all(ready.map((shard) => this.#readToEnd(shard, from)))
  }

  async #readToEnd(shard: Shard, from: ShardIteratorType): Promise<void> {
    if (!(await this.#read(shard, from))) return
    this.#ended.add(shard.ShardId)
    // All that is in those that it has become came after it.
    await this.#readReady(await this.#listShards(), 'TRIM_HORIZON')
  }

  /** True: it is closed, and nothing is left. */
  async #read(shard: Shard, ShardIteratorType: ShardIteratorType): Promise<boolean> {
    const { print, follows } = this.#options
    const place = { StreamName: this.#streamName, ShardId: shard.ShardId, ShardIteratorType }
    const { ShardIterator } = await this.#client.send(new GetShardIteratorCommand(place))
    let iterator = ShardIterator
    while (iterator) {
      const request = { ShardIterator: iterator, Limit: PAGE }
      const page = await this.#client.send(new GetRecordsCommand(request))
      const { Records = [], NextShardIterator, MillisBehindLatest = 0 } = page
      for (const { Data } of Records) print(Data ?? new Uint8Array())
      iterator = NextShardIterator
      const isAtEnd = Records.length === 0 && MillisBehindLatest === 0
      if (iterator && isAtEnd && !follows && !isClosed(shard)) return false
      if (iterator) await pause(Records.length === PAGE ? POLL_MS / 5 : POLL_MS)
    }
    return true
  }

  async #listShards(): Promise<Shard[]> {
    const shards: Shard[] = []
    let NextToken: string | undefined
    do {
      // A page is asked for by its token alone.
      const place = NextToken === undefined ? { StreamName: this.#streamName } : { NextToken }
      const page: ListShardsCommandOutput = await this.#client.send(new ListShardsCommand(place))
      shards.push(...(page.Shards ?? []))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    return shards
  }
}

function isClosed({ SequenceNumberRange }: Shard): boolean {
  return SequenceNumberRange?.EndingSequenceNumber !== undefined
}
