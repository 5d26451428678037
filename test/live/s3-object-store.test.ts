import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import t from 'tap'
import { createS3ObjectStore } from '../../src/adapters/object-store/s3.ts'
import { objectStoreContract } from '../contracts/object-store.ts'
import { makeBucket } from '../helpers/engines.ts'

objectStoreContract(t, async (t) => {
  const { bucket, ...aws } = await makeBucket(t)
  const store = createS3ObjectStore({ aws, bucket, keyPrefix: 'fleet/' })
  await store.open()
  t.teardown(() => store.close())
  return { store }
})

t.test('stores with other prefixes do not see each other', async (t) => {
  const { bucket, ...aws } = await makeBucket(t)
  const stores = ['', 'a/', 'b/'].map((keyPrefix) =>
    createS3ObjectStore({ aws, bucket, keyPrefix }),
  )
  for (const [number, store] of stores.entries()) {
    await store.open()
    t.teardown(() => store.close())
    await store.put('same', Buffer.from(`${number}`), 'text/plain')
  }
  for (const [number, store] of stores.entries()) {
    t.equal(Buffer.from((await store.get('same')) ?? []).toString(), `${number}`)
  }
  const keys = async (number: number) =>
    (await stores[number]?.list(''))?.objects.map(({ key }) => key)
  t.strictSame([await keys(0), await keys(1)], [['a/same', 'b/same', 'same'], ['same']])
})

t.test('a bucket that is not there is named, with what to do', async (t) => {
  const { bucket, ...aws } = await makeBucket(t)
  const store = createS3ObjectStore({ aws, bucket: 'nobody-made-it', keyPrefix: '' })
  await store.open()
  t.teardown(() => store.close())
  const wanted = {
    kind: 'unavailable',
    message: /no bucket nobody-made-it at http.*: create it or set S3_BUCKET/,
  }
  await t.rejects(store.check(), wanted)
  await t.rejects(store.put('a', Buffer.from('x'), 'text/plain'), wanted)
  await t.rejects(store.get('a'), wanted)
  await t.rejects(store.list(''), wanted)
  t.ok(bucket)
})

t.test('a bucket that is made later is used without a restart', async (t) => {
  const { bucket, ...aws } = await makeBucket(t)
  const later = `${bucket}-${randomUUID().slice(0, 8)}`
  const store = createS3ObjectStore({ aws, bucket: later, keyPrefix: '' })
  await store.open()
  t.teardown(() => store.close())
  await t.rejects(store.check(), { kind: 'unavailable', message: /create it or set S3_BUCKET/ })
  const client = new S3Client({ ...aws, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket: later }))
  client.destroy()
  await store.check()
})
