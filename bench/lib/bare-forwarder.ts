import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { generate, type IPublishPacket, parser } from 'mqtt-packet'

// The least that a program on Node can do with this work: take messages, put them into bulks as they
// are, acknowledge after the answer. No decoding, no check, no merge, no retry, no latest state.

const BATCH = 1000
const FLUSH_MS = 25
const BULKS_AT_ONCE = 4
const ACTION = Buffer.from('{"create":{"_index":"cars"}}\n')
const LINE_END = Buffer.from('\n')

const { values } = parseArgs({
  options: {
    mqtt: { type: 'string', default: '' },
    sink: { type: 'string', default: '' },
    client: { type: 'string', default: 'bare-1' },
  },
})
const version = { protocolVersion: 5 }
const agent = new Agent({ keepAlive: true, maxSockets: BULKS_AT_ONCE })
const { hostname, port } = new URL(values.mqtt)
const socket = connect({ host: hostname, port: Number(port), noDelay: true })
const packets = parser(version)
let waiting: IPublishPacket[] = []
let underWay = 0
let timer: NodeJS.Timeout | undefined

packets.on('packet', (packet) => {
  if (packet.cmd === 'connack') console.log('ready')
  if (packet.cmd !== 'publish') return
  waiting.push(packet)
  if (waiting.length >= BATCH) flush()
  else timer ??= setTimeout(flush, FLUSH_MS)
})
socket.on('data', (chunk) => packets.parse(chunk))
socket.on('close', () => process.exit(0))
socket.write(
  generate(
    {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clean: false,
      clientId: values.client,
      keepalive: 0,
      properties: { sessionExpiryInterval: 3600, receiveMaximum: 65_535 },
    },
    version,
  ),
)
process.once('SIGTERM', () => socket.end(generate({ cmd: 'disconnect' }, version)))

function flush(): void {
  clearTimeout(timer)
  timer = undefined
  while (waiting.length > 0 && underWay < BULKS_AT_ONCE) {
    const batch = waiting.slice(0, BATCH)
    waiting = waiting.slice(BATCH)
    void send(batch)
  }
}

async function send(batch: readonly IPublishPacket[]): Promise<void> {
  underWay += 1
  const lines = batch.flatMap(({ payload }) => [ACTION, payload as Buffer, LINE_END])
  await post(Buffer.concat(lines))
  for (const { messageId = 0 } of batch) {
    socket.write(Buffer.from([0x40, 2, messageId >> 8, messageId & 255]))
  }
  underWay -= 1
  if (waiting.length >= BATCH) flush()
  else if (waiting.length > 0) timer ??= setTimeout(flush, FLUSH_MS)
}

function post(body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${values.sink}/_bulk`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/x-ndjson', 'content-length': body.length },
    })
    outgoing.once('error', reject)
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const { errors } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { errors: boolean }
        if (errors) reject(new Error('the sink refused a document'))
        else resolve()
      })
    })
    outgoing.end(body)
  })
}
