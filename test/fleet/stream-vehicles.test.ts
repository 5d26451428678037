import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { VehicleView } from '../../src/domain/vehicle.ts'
import { streamVehicles } from '../../src/fleet/stream-vehicles.ts'
import { startTestApp } from '../helpers/app.ts'
import { vehicleChange, vehicleView } from '../helpers/vehicles.ts'

const facets = { anomalies: [], troubleCodes: [] }
const number = (index: number) => `VIN-${String(index).padStart(5, '0')}`

/** A stored answer that notes how far it was read, and fails where it is told to. */
function pieces(count: number, failsAt = Number.POSITIVE_INFINITY) {
  const state = { read: 0, closed: false }
  async function* generate(): AsyncGenerator<readonly VehicleView[]> {
    try {
      for (let piece = 0; piece < count; piece += 1) {
        if (piece === failsAt) throw new Error('the disk is gone')
        state.read += 1
        yield Array.from({ length: 500 }, (_, index) =>
          vehicleView({ vin: number(piece * 500 + index) }),
        )
      }
    } finally {
      state.closed = true
    }
  }
  return { state, found: { vehicleCount: count * 500, facets, vehicles: generate() } }
}

t.test('10,000 vehicles are whole JSON, VIN descending, and the count says the rest', async (t) => {
  const { write, ask } = await startTestApp(t)
  const vins = Array.from({ length: 10_050 }, (_, index) => number(index))
  await write(...vins.map((vin) => vehicleChange({ vin, position: [1, 1] })))
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const answer = (await ask('/vehicles/filter', {})).json()
  delay.disable()
  t.comment(`event-loop delay p99 ${Math.round(delay.percentile(99) / 1e6)} ms`)
  t.equal(answer.vehicleCount, 10_050)
  t.strictSame(
    answer.vehicles.map(({ vin }: { vin: string }) => vin),
    vins.reverse().slice(0, 10_000),
  )
})

t.test('a failure before the first piece is an ordinary error', async (t) => {
  await t.rejects(streamVehicles(pieces(2, 0).found, 'imperial'), { message: 'the disk is gone' })
})

t.test('a failure in the middle breaks the answer off', async (t) => {
  const stream = await streamVehicles(pieces(3, 2).found, 'imperial')
  let text = ''
  await t.rejects(
    async () => {
      for await (const part of stream) text += part
    },
    { message: 'the disk is gone' },
  )
  t.throws(() => JSON.parse(text), 'nobody takes it for the whole')
})

t.test('a reader that goes away ends the reading', async (t) => {
  const early = pieces(50)
  const unread = await streamVehicles(early.found, 'imperial')
  unread.destroy()
  await once(unread, 'close')
  await nextTurn()
  t.strictSame(early.state, { read: 1, closed: true }, 'before it took anything')

  const { state, found } = pieces(50)
  const stream = await streamVehicles(found, 'imperial')
  for await (const _part of stream) break
  await nextTurn()
  t.ok(state.read <= 2 && state.closed, 'after the first part')
})

t.test('no piece is read before the one before is taken', async (t) => {
  const { state, found } = pieces(50)
  const stream = await streamVehicles(found, 'imperial')
  const iterator = stream[Symbol.asyncIterator]()
  for (let part = 0; part < 8; part += 1) await iterator.next()
  t.ok(state.read <= 3, `${state.read} pieces`)
  stream.destroy()
})

t.test('a client that disconnects in the middle harms nobody', async (t) => {
  const { app, write, token, get, logLines } = await startTestApp(t)
  const vins = Array.from({ length: 5000 }, (_, index) => number(index))
  await write(...vins.map((vin) => vehicleChange({ vin, position: [1, 1] })))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const headers = { authorization: `Bearer ${token('viewer')}` }
  const call = request({ port, path: '/vehicles/filter?filters=%7B%7D', headers }).end()
  const [response] = await once(call, 'response')
  await once(response, 'data')
  call.destroy()
  t.equal((await get('/vehicles/VIN-00001')).statusCode, 200)
  t.notOk(
    logLines.some(({ level }) => Number(level) >= 50),
    'no error is logged',
  )
})
