import { appendFile, mkdir, readdir, readFile, readlink, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { frame } from '../../../src/adapters/archive/embedded/frames.ts'
import { OpenSegment } from '../../../src/adapters/archive/embedded/segments.ts'
import { createEmbeddedArchive } from '../../../src/adapters/archive/embedded.ts'
import { createFolderObjectStore } from '../../../src/adapters/object-store/folder.ts'
import type { EmbeddedArchiveConfig } from '../../../src/config/adapters.ts'
import type { CsvObjects } from '../../../src/domain/csv-objects.ts'
import { FleetgridError } from '../../../src/domain/errors.ts'
import { archiveContract, records } from '../../contracts/archive.ts'
import { until } from '../../helpers/until.ts'

async function setUp(t: Test, changes: Partial<EmbeddedArchiveConfig> = {}) {
  const root = t.testdir()
  const folder = join(root, 'archive')
  const objectStore = createFolderObjectStore({ folder: join(root, 'objects') })
  await objectStore.open()
  let isAway = false
  let awayPrefix = 'none'
  const failures: string[] = []
  const made: CsvObjects[] = []
  const damaged: { readonly path: string; readonly records: number }[] = []
  const start = () => {
    const archive = createEmbeddedArchive(
      {
        ...{ adapter: 'embedded', folder, prefix: 'archive/', extension: '.ndjson.gz' },
        csv: undefined,
        ...{ bufferBytes: 1_000_000, bufferMs: 60_000, sizeMaxBytes: 10_000_000 },
        ...changes,
      },
      {
        objectStore: {
          put(...args) {
            if (isAway || args[0].startsWith(awayPrefix))
              throw new FleetgridError('unavailable', 'the bucket is away')
            return objectStore.put(...args)
          },
        },
        onDelivered: () => undefined,
        onCsv: (result) => made.push(result),
        onFailed: (reason) => failures.push(reason),
        onDamaged: (segment) => damaged.push(segment),
      },
    )
    t.teardown(() => archive.close())
    return archive
  }
  async function read(prefix = 'archive/') {
    const { objects } = await objectStore.list(prefix)
    const keys = objects.map(({ key }) => key)
    const bodies = await Promise.all(keys.map((key) => objectStore.get(key)))
    const text = Buffer.concat(bodies.map((body) => gunzipSync(body ?? ''))).toString()
    return { keys, text }
  }
  const setAway = (away: boolean, prefix = 'none') => {
    isAway = away
    awayPrefix = prefix
  }
  return { archive: start(), start, read, folder, failures, made, damaged, setAway }
}

await archiveContract(t, setUp)

t.test('objects are named by the hour and second of their oldest record', async (t) => {
  const { archive, read, folder } = await setUp(t)
  await archive.open()
  const at = Date.parse('2024-07-13T23:59:59.999Z')
  await archive.append([...records(0, 1, at + 5000), ...records(1, 1, at)])
  await archive.flush()
  const { keys } = await read()
  t.match(keys, [
    /^archive\/2024\/07\/13\/23\/fleetgrid-1-2024-07-13-23-59-59-[0-9a-f-]{36}\.ndjson\.gz$/,
  ])
  t.same(await readdir(folder), [])
})

t.test('by size and by age, whichever is first', async (t) => {
  const { archive, read } = await setUp(t, { bufferBytes: 2000, bufferMs: 300 })
  await archive.open()
  for (let n = 0; n < 10; n += 1) await archive.append(records(n * 10, 10))
  await until(async () => (await read()).text.split('\n').length === 101)
  t.ok((await read()).keys.length >= 2)
})

t.test('what a crash leaves behind is delivered once, up to its last whole record', async (t) => {
  const { archive, start, read, folder } = await setUp(t)
  await archive.open()
  await archive.append(records(0, 10))
  // The process is gone here: nothing is closed. A record that was never acknowledged is half there.
  const [name = ''] = await readdir(folder)
  const whole = await readFile(join(folder, name))
  await appendFile(join(folder, name), whole.subarray(0, 20))
  const next = start()
  await next.open()
  await next.append(records(10, 1))
  await next.flush()
  const { keys, text } = await read()
  t.equal(keys.length, 2)
  t.same(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).n)
      .sort((a, b) => a - b),
    [...Array(11).keys()],
  )
  // The same segment once more, as if its removal had been lost: the same object.
  await appendFile(join(folder, name), whole)
  const third = start()
  await third.open()
  await third.flush()
  t.equal((await read()).keys.length, 2)
})

t.test(
  'while the object store is away records are taken, until the disk has its share',
  async (t) => {
    const { archive, read, failures, setAway } = await setUp(t, {
      ...{ bufferBytes: 2000, sizeMaxBytes: 10_000 },
    })
    setAway(true)
    await archive.open()
    let taken = 0
    for (;;) {
      const report = await archive.append(records(taken, 50))
      if (report.retry.length > 0) {
        t.match(
          report.retryReason,
          /wait for the object store: mend it, or raise ARCHIVE_SIZE_MAX_MB/,
        )
        break
      }
      taken += 50
    }
    t.ok(taken >= 300)
    t.match(archive.problems(), [
      /wait for the object store/,
      /can't be delivered: the bucket is away/,
    ])
    t.ok(failures.length > 0)
    setAway(false)
    await archive.flush()
    t.equal((await read()).text.split('\n').length, taken + 1)
    t.match(await archive.append(records(0, 1)), { accepted: 1 })
    t.same(archive.problems(), [])
  },
)

const CSV = { columns: ['n'], prefix: 'csv/', errorPrefix: 'errors/' }

t.test('columns given: CSV beside the raw object, of the same name', async (t) => {
  const { archive, read, made } = await setUp(t, { csv: CSV })
  await archive.open()
  const odd = ['[]\n', '{"n":-5,"a":"=x"}\n', '\xff'].map((text) => ({
    ...{ data: Buffer.from(text, 'latin1'), arrivedAt: Date.parse('2024-07-13T10:25:23Z') },
  }))
  await archive.append([...records(0, 2), ...odd])
  await archive.flush()
  const [raw, csv, errors] = await Promise.all(
    ['archive/', 'csv/', 'errors/processing-failed/'].map(read),
  )
  t.equal(
    csv?.text,
    'n;rest\n0;"{""text"":""ä😀""}"\n1;"{""text"":""ä😀""}"\n-5;"{""a"":""=x""}"\n',
  )
  t.equal(raw?.text.split('\n').length, 5, 'what is no row is in the raw object too')
  t.equal(errors?.text.trim().split('\n').length, 2)
  const [hour] = raw?.keys ?? []
  const name = hour?.replace('archive/', '').replace('.ndjson.gz', '')
  t.strictSame(csv?.keys, [`csv/${name}.csv.gz`])
  t.strictSame(errors?.keys, [`errors/processing-failed/${name}.ndjson.gz`])
  t.match(made, [{ written: 3, failed: 2 }])
})

t.test('gone between the raw object and its CSV: both are there in the end, once', async (t) => {
  const { archive, start, read, folder, failures, made, setAway } = await setUp(t, { csv: CSV })
  await archive.open()
  await archive.append(records(0, 10))
  setAway(false, 'csv/')
  const flushed = archive.flush()
  await until(() => failures.length > 0)
  t.match(archive.problems(), [/can't be delivered: the bucket is away/])
  t.equal((await read()).keys.length, 1)
  t.equal((await readdir(folder)).length, 1, 'its segment stays')
  await archive.close()
  await flushed
  setAway(false)
  const next = start()
  await next.open()
  await next.flush()
  t.equal((await read()).keys.length, 1)
  t.equal((await read('csv/')).text.split('\n').length, 12)
  t.same(await readdir(folder), [])
  t.match(made, [{ written: 10 }])
})

const LEFT = '1720866323841-0d9f3c1e-0000-4000-8000-000000000001.segment'
const framed = (from: number, count: number): Buffer =>
  Buffer.concat(records(from, count).map(({ data }) => frame(data)))

t.test('a segment that the disk has changed: what is whole is delivered, it is kept', async (t) => {
  const { archive, read, folder, damaged, failures } = await setUp(t)
  const good = framed(0, 3)
  const changed = framed(3, 1)
  changed[10] = (changed[10] ?? 0) ^ 1
  const zeros = Buffer.alloc(16)
  await mkdir(folder)
  const other = LEFT.replace('0001.', '0002.')
  await writeFile(join(folder, LEFT), Buffer.concat([good, changed, framed(4, 1)]))
  await writeFile(join(folder, other), Buffer.concat([framed(5, 1), zeros, framed(6, 1)]))
  await archive.open()
  await archive.append(records(7, 1))
  await archive.flush()
  const numbers = (await read()).text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).n)
  t.same(numbers.sort(), [0, 1, 2, 5, 7])
  t.same(damaged, [
    { path: join(folder, `${LEFT}.damaged`), records: 3 },
    { path: join(folder, `${other}.damaged`), records: 1 },
  ])
  t.same((await readdir(folder)).sort(), [`${LEFT}.damaged`, `${other}.damaged`])
  const kept = await readFile(join(folder, `${LEFT}.damaged`))
  t.ok(kept.equals(Buffer.concat([good, changed, framed(4, 1)])), 'all of it')
  t.same([archive.problems(), failures], [[], []])
})

t.test('a segment that can’t be read holds up none behind it, until it can', async (t) => {
  const { archive, read, folder, failures } = await setUp(t)
  await mkdir(join(folder, LEFT), { recursive: true })
  await archive.open()
  for (let n = 0; n < 3; n += 1) {
    await archive.append(records(n, 1))
    await archive.flush()
    t.equal((await read()).keys.length, n + 1)
    t.match(archive.problems(), [/^The archive can't read .*\.segment: EISDIR/])
  }
  t.equal(failures.length, 1, 'told once')
  await rmdir(join(folder, LEFT))
  await writeFile(join(folder, LEFT), framed(3, 2))
  await archive.append(records(5, 1))
  await archive.flush()
  t.equal((await read()).text.trim().split('\n').length, 6)
  t.same([archive.problems(), await readdir(folder)], [[], []])
})

t.test('a segment whose name can’t be made durable leaves nothing behind', async (t) => {
  const folder = t.testdir()
  const failing = async (): Promise<void> => {
    throw new Error('no such disk')
  }
  await t.rejects(OpenSegment.create(folder, 1, failing), { message: 'no such disk' })
  const handles = await readdir('/proc/self/fd')
  const paths = await Promise.all(
    handles.map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')),
  )
  t.same(
    paths.filter((path) => path.includes('.segment')),
    [],
  )
  t.same(await readdir(folder), [])
})
