import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import kinesalite from 'kinesalite'
import { createTestStream } from '../helpers/kinesis.ts'

// The Kinesis emulator in a process of its own, with a stream if one is named.

const SHARDS = 2

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, stream: { type: 'string' } },
})
const server = kinesalite({ createStreamMs: 5, shardLimit: 100 }) as unknown as Server
server.listen(Number(values.port), '127.0.0.1')
await once(server, 'listening')
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
if (values.stream !== undefined) await createTestStream(url, values.stream, SHARDS)
console.log(`Kinesis on ${url}`)
