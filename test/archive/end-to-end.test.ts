import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { bytes, cardata } from '../helpers/messages.ts'
import { until } from '../helpers/until.ts'

t.test('what devices publish is kept raw, with its topic, before it is acknowledged', async (t) => {
  const { connect, fleetgrid, metric } = await startFleetgrid(t, {
    ARCHIVE: 'embedded',
    ARCHIVE_BUFFER_S: '1',
  })
  const device = await connect()
  const topic = 'dt/cvra/ECU-1/cardata'
  await device.publishAsync(topic, bytes(cardata()), { qos: 1 })
  await device.publishAsync(topic, 'nonsense', { qos: 1 })
  t.equal(await metric(/fleetgrid_archived_messages_total\{outcome="archived"\}/), 2)
  const { objectStore } = fleetgrid.ports
  const objects = await until(async () => {
    const page = await objectStore.list('archive/')
    return page.objects.length > 0 ? page.objects : undefined
  })
  const keys = objects.map(({ key }) => key)
  const hour = new Date().toISOString().slice(0, 11).replaceAll(/[-T]/g, '/')
  t.ok(keys[0]?.startsWith(`archive/${hour}`), `${keys[0]}`)
  const bodies = await Promise.all(keys.map((key) => objectStore.get(key)))
  const lines = Buffer.concat(bodies.map((body) => gunzipSync(body ?? '')))
    .toString()
    .trim()
    .split('\n')
  t.strictSame(
    lines.map((line) => JSON.parse(line)),
    [
      { topic, ...JSON.parse(bytes(cardata()).toString()) },
      { topic, payload_base64: Buffer.from('nonsense').toString('base64') },
    ],
  )
})
