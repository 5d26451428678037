import { once } from 'node:events'
import { connect } from 'node:net'
import { generate, type IConnackPacket, parser } from 'mqtt-packet'

/** Asks without changing it: nothing is acknowledged, and it lasts as long as before. */
export async function hasSession(url: string, clientId: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const packets = parser({ protocolVersion: 5 })
  const properties = { sessionExpiryInterval: 300 }
  socket.write(
    generate({
      cmd: 'connect',
      clientId,
      clean: false,
      keepalive: 0,
      protocolId: 'MQTT',
      protocolVersion: 5,
      properties,
    }),
  )
  socket.on('data', (chunk) => packets.parse(chunk))
  const [{ sessionPresent }] = (await once(packets, 'packet')) as [IConnackPacket]
  socket.destroy()
  return sessionPresent
}
