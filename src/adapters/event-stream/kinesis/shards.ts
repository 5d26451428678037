import type { Shard as KinesisShard, ListShardsCommandOutput } from '@aws-sdk/client-kinesis'

/** A part of the stream: the keys whose MD5 is not below `from`, up to the next one's. */
export interface Shard {
  readonly id: string
  /** 32 hexadecimal digits. */
  readonly from: string
}

/** A stream has no more open shards without AWS being asked for them. */
const PAGES_MAX = 100

/** Those that take records, by their range of hashes. */
export async function readShards(
  list: (nextToken: string | undefined) => Promise<ListShardsCommandOutput>,
): Promise<readonly Shard[]> {
  const found: KinesisShard[] = []
  let token: string | undefined
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { Shards = [], NextToken } = await list(token)
    found.push(...Shards)
    token = NextToken
    if (token === undefined || token === null) break
  }
  const isOpen = ({ SequenceNumberRange: range }: KinesisShard) =>
    (range?.EndingSequenceNumber ?? null) === null
  return found
    .filter(isOpen)
    .map(({ ShardId: id = '', HashKeyRange: range }) => ({
      id,
      from: BigInt(range?.StartingHashKey ?? 0)
        .toString(16)
        .padStart(32, '0'),
    }))
    .sort((a, b) => (a.from < b.from ? -1 : 1))
}

/** @param hash 32 hexadecimal digits; without shards everything is in one part */
export function shardOf(shards: readonly Shard[], hash: string): string {
  let low = 0
  let high = shards.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((shards[middle]?.from ?? '') <= hash) low = middle
    else high = middle - 1
  }
  return shards[low]?.id ?? ''
}
