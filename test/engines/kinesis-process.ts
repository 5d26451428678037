import { once } from 'node:events'
import type { Server } from 'node:http'
import { parseArgs } from 'node:util'
import kinesalite from 'kinesalite'

// The Kinesis emulator in a process of its own.

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } })
const server = kinesalite({ createStreamMs: 5, shardLimit: 100 }) as unknown as Server
server.listen(Number(values.port), '127.0.0.1')
await once(server, 'listening')
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0))
console.log(`Kinesis on http://127.0.0.1:${values.port}`)
