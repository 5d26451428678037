import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { connectAsync } from 'mqtt'
import t from 'tap'
import { createFolderObjectStore } from '../../src/adapters/object-store/folder.ts'
import { engineFolder } from '../helpers/engine-folder.ts'
import { bytes, cardata } from '../helpers/messages.ts'
import { createRandom } from '../helpers/random.ts'
import { createService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

// Whatever a device was told is kept, is in the archive, wherever the process was when it was killed.

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
    })
    const acknowledged = new Set<number>()
    let number = 0
    for (let kill = 0; kill <= KILLS; kill += 1) {
      await service.start()
      const client = await connectAsync(service.mqttUrl, { reconnectPeriod: 0 })
      const last = number + Math.ceil(BETWEEN * (0.5 + random()))
      const publishing: Promise<unknown>[] = []
      while (number < last) {
        number += 1
        const own = number
        const message = bytes(cardata({ SendTimeStamp: new Date(own * 1000).toISOString() }))
        publishing.push(
          client.publishAsync(`dt/cvra/${own}/cardata`, message, { qos: 1 }).then(
            () => acknowledged.add(own),
            () => undefined,
          ),
        )
      }
      if (kill === KILLS) await Promise.all(publishing)
      else await until(() => acknowledged.size > 0 && random() < 0.3)
      await service.kill(kill === KILLS ? 'SIGTERM' : 'SIGKILL')
      client.end(true)
      await Promise.all(publishing)
    }
    const objectStore = createFolderObjectStore({ folder: join(DATA_DIR, 'objects') })
    await objectStore.open()
    const archived = new Set<number>()
    const { objects } = await objectStore.list('archive/')
    for (const { key } of objects) {
      const text = gunzipSync((await objectStore.get(key)) ?? '').toString()
      for (const line of text.trim().split('\n')) {
        archived.add(Number(JSON.parse(line).topic.split('/')[2]))
      }
    }
    t.comment(
      `${number} sent, ${acknowledged.size} acknowledged, ${archived.size} archived in ${objects.length} objects`,
    )
    t.ok(acknowledged.size > BETWEEN / 2)
    t.same(
      [...acknowledged].filter((own) => !archived.has(own)),
      [],
    )
  },
)
