import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { connectAsync } from 'mqtt'
import t from 'tap'
import { createFolderObjectStore } from '../../src/adapters/object-store/folder.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { bytes, cardata } from '../helpers/messages.ts'
import { createRandom } from '../helpers/random.ts'
import { createService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// Whatever a device was told is kept, is in the archive, wherever the process was when it was killed: raw,
// as it was, and as a row of the CSV beside it.

const SEED = Number(process.env['SEED'] ?? 20_261_121)
const KILLS = 5
const BETWEEN = 400

t.comment(`seed ${SEED}`)

t.test(
  'killed five times: what was acknowledged is in an object',
  { timeout: 240_000 },
  async (t) => {
    const random = createRandom(SEED)
    const DATA_DIR = engineFolder(t)
    const service = await createService(t, {
      ...{ DATA_DIR, FLEETGRID_ROLES: 'telemetry', ARCHIVE: 'embedded', ARCHIVE_BUFFER_S: '1' },
      ARCHIVE_CSV_COLUMNS: 'topic',
    })
    const acknowledged = new Set<number>()
    let beforeKills = 0
    let number = 0
    for (let kill = 0; kill <= KILLS; kill += 1) {
      await service.start()
      const client = await connectAsync(service.mqttUrl, { reconnectPeriod: 0 })
      const last = number + Math.ceil(BETWEEN * (0.5 + random()))
      const publishing: Promise<unknown>[] = []
      while (number < last) {
        number += 1
        const own = number
        const message = bytes(cardata({ SendTimeStamp: timeOf(own) }))
        publishing.push(
          client.publishAsync(`dt/cvra/${own}/cardata`, message, { qos: 1 }).then(
            () => acknowledged.add(own),
            () => undefined,
          ),
        )
      }
      const before = acknowledged.size
      const wanted = before + Math.ceil(random() * (BETWEEN / 4))
      if (kill === KILLS) await Promise.all(publishing)
      else await until(() => acknowledged.size >= wanted)
      if (kill < KILLS) beforeKills += acknowledged.size - before
      await service.kill(kill === KILLS ? 'SIGTERM' : 'SIGKILL')
      client.end(true)
      await Promise.all(publishing)
    }
    const objectStore = createFolderObjectStore({ folder: join(DATA_DIR, 'objects') })
    await objectStore.open()
    const linesOf = async (key: string) => {
      const text = gunzipSync((await objectStore.get(key)) ?? '').toString()
      return text.trim().split('\n')
    }
    const archived = new Set<number>()
    const { objects } = await objectStore.list('archive/')
    for (const { key } of objects) {
      const lines = await linesOf(key)
      for (const line of lines) {
        const { topic, received_at: _, ...message } = JSON.parse(line)
        const own = Number(topic.split('/')[2])
        const sent = JSON.parse(bytes(cardata({ SendTimeStamp: timeOf(own) })).toString())
        if (!isDeepStrictEqual(message, sent)) t.fail('as it was sent', { line })
        archived.add(own)
      }
      const rows = await linesOf(key.replace('archive/', 'archive-csv/').replace('ndjson', 'csv'))
      t.equal(rows.filter((row) => row === 'topic;rest').length, 1, 'one header')
      t.same(
        rows.slice(1).map((row) => row.split(';')[0]),
        lines.map((line) => JSON.parse(line).topic),
      )
    }
    t.comment(
      `${number} sent, ${acknowledged.size} acknowledged, ${beforeKills} of them before a kill, ${archived.size} archived in ${objects.length} objects`,
    )
    t.ok(beforeKills >= KILLS)
    t.same(
      [...acknowledged].filter((own) => !archived.has(own)),
      [],
    )
  },
)

function timeOf(number: number): string {
  return new Date(number * 1000).toISOString()
}
