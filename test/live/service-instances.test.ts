import t from 'tap'
import { engineUrl, indexPrefix, makeDatabase } from '../helpers/engines.ts'
import { publish, startFleetgrid, TOPICS } from '../helpers/fleetgrid.ts'
import { cardata, deviceEvent, deviceLink, dtc, groupEvent, VIN } from '../helpers/messages.ts'
import { until } from '../helpers/until.ts'

// Two whole services, each with a broker of its own, on one OpenSearch and one PostgreSQL: what one
// is told the other knows a little later.

t.test('what one instance is told, the other writes and shows', async (t) => {
  const prefix = indexPrefix(t)
  const env = {
    FLEET_INDEX: 'opensearch',
    OPENSEARCH_URL: engineUrl('opensearch'),
    OPENSEARCH_INDEX_PREFIX: prefix,
    OPENSEARCH_REPLICAS: '0',
    DATABASE: 'postgres',
    DATABASE_URL: await makeDatabase(t),
    CHARGE_POINT_KEY_SECRET: 'the same for all instances of a test',
  }
  const one = await startFleetgrid(t, env)
  const other = await startFleetgrid(t, env)
  const toOne = await one.connect()
  const toOther = await other.connect()
  await publish(toOne, TOPICS.group, groupEvent('create', { make: 'AMZ', model: '4' }))
  await publish(toOne, TOPICS.device, deviceLink('ECU-1', { attach: VIN }, '2026-04-06T18:20:00Z'))
  const version = { attributes: { softwareVersion: '2.3' } }
  await publish(toOther, TOPICS.device, deviceEvent('ECU-1', 'modify', version))
  await publish(toOther, TOPICS.dtc, dtc('P0301'))

  const expected = {
    make: 'AMZ',
    devices: [{ deviceid: 'ecu-1', softwareversion: '2.3' }],
    troubleCodes: ['P0301'],
  }
  const latest = () => one.fleetgrid.ports.fleetIndex.latestVehicle(VIN)
  await until(async () => (await latest())?.devices[0]?.softwareversion === '2.3')
  t.match(await latest(), expected, 'stored together')

  // A cardata document carries what its instance knows.
  let sent = 0
  await until(
    async () => {
      sent += 1
      const SendTimeStamp = new Date(Date.now() - 60_000 + sent).toISOString()
      await publish(toOther, TOPICS.cardata, cardata({ SendTimeStamp, MessageId: `m-${sent}` }))
      return (await find(prefix, 'attributes.make:AMZ AND devices.softwareversion:"2.3"')) > 0
    },
    { what: 'the other instance knows the make' },
  )
  t.pass('the other instance has learned it')
})

async function find(prefix: string, query: string): Promise<number> {
  const server = engineUrl('opensearch')
  const url = `${server}/${prefix}cardata/_count?q=${encodeURIComponent(query)}`
  const answer = (await (await fetch(url)).json()) as { count?: number }
  return answer.count ?? 0
}
