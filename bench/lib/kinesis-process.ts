import { once } from 'node:events'
import type { Server } from 'node:http'
import kinesalite from 'kinesalite'
import { type KinesisFault, startKinesisFaults } from '../../test/helpers/kinesis-faults.ts'

// The Kinesis emulator and the proxy that makes it fail, in a process of their own. The parent says
// which fault befalls how many of the calls, hears when the first one has come, and lets it go.

const SHARDS_MAX = 100

let fault: KinesisFault | undefined
let probability = 0
let isFirst = true
let gate = Promise.withResolvers<void>()

const emulator = kinesalite({ createStreamMs: 5, shardLimit: SHARDS_MAX }) as unknown as Server
emulator.listen(0, '127.0.0.1')
await once(emulator, 'listening')
const { port } = emulator.address() as { port: number }
const target = `http://127.0.0.1:${port}`
const proxy = await startKinesisFaults({
  target,
  async choose() {
    if (isFirst) process.send?.('first')
    isFirst = false
    await gate.promise
    return Math.random() < probability ? fault : undefined
  },
})
process.on('message', (next: 'go' | { fault?: KinesisFault; probability: number }) => {
  if (next === 'go') return gate.resolve()
  gate = Promise.withResolvers()
  fault = next.fault
  probability = next.probability
  isFirst = true
  process.send?.('set')
})
process.once('SIGTERM', () => process.exit(0))
process.send?.({ target, proxy: proxy.url })
