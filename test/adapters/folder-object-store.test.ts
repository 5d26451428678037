import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createFolderObjectStore } from '../../src/adapters/object-store/folder.ts'
import { objectStoreContract } from '../contracts/object-store.ts'

objectStoreContract(t, async (t) => {
  const store = createFolderObjectStore({ folder: join(t.testdir(), 'objects') })
  await store.open()
  t.teardown(() => store.close())
  return { store }
})

t.test('objects are there after a restart, what a crash cut off is not', async (t) => {
  const folder = t.testdir()
  const first = createFolderObjectStore({ folder })
  await first.open()
  await first.put('a/b', Buffer.from('kept'), 'text/plain')
  writeFileSync(join(folder, '~incoming', 'cut-off'), 'hal')
  t.match((await first.list('')).objects, [{ key: 'a/b' }])
  t.equal((await first.list('')).objects.length, 1)
  await first.close()
  const second = createFolderObjectStore({ folder })
  await second.open()
  t.teardown(() => second.close())
  t.equal(String(await second.get('a/b')), 'kept')
  t.strictSame(readdirSync(join(folder, '~incoming')), [])
})

t.test('a put leaves no file of its own behind when it fails', async (t) => {
  const folder = t.testdir()
  const store = createFolderObjectStore({ folder })
  await store.open()
  t.teardown(() => store.close())
  await store.put('a/b', Buffer.from('x'), 'text/plain')
  const folderAsKey = { kind: 'invalid', message: /can't be a folder of other keys/ }
  await t.rejects(store.put('a', Buffer.from('x'), 'text/plain'), folderAsKey)
  await t.rejects(store.put('a/b/c', Buffer.from('x'), 'text/plain'), folderAsKey)
  t.strictSame(readdirSync(join(folder, '~incoming')), [])
})

t.test('folders that somebody removed are made again', async (t) => {
  const folder = t.testdir()
  const store = createFolderObjectStore({ folder })
  await store.open()
  t.teardown(() => store.close())
  await store.put('a/b/1', Buffer.from('x'), 'text/plain')
  rmSync(join(folder, 'a'), { recursive: true })
  await store.put('a/b/2', Buffer.from('x'), 'text/plain')
  rmSync(folder, { recursive: true })
  await store.put('a/b/3', Buffer.from('x'), 'text/plain')
  t.match((await store.list('')).objects, [{ key: 'a/b/3' }])
})

t.test('a folder that can not be one says what to do', async (t) => {
  const folder = join(t.testdir(), 'objects')
  writeFileSync(folder, 'a file')
  const store = createFolderObjectStore({ folder })
  await t.rejects(store.open(), {
    message: /Object store: can't open .*is no folder: remove the file/,
  })
  rmSync(folder)
  mkdirSync(folder)
  await store.open()
  await store.check()
  await store.close()
})
