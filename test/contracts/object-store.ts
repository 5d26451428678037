import type { Test } from 'tap'
import type { ObjectStore, StoredObject } from '../../src/ports/object-store.ts'

export interface ObjectStoreUnderTest {
  /** Open and empty. */
  readonly store: ObjectStore
}

/** Makes one for each test; closes and empties it afterwards. */
export type MakeObjectStore = (t: Test) => Promise<ObjectStoreUnderTest>

const JSON_TYPE = 'application/json'

/** What every object store must do, through the port only. */
export function objectStoreContract(t: Test, make: MakeObjectStore): void {
  t.test('an object comes back byte by byte', async (t) => {
    const { store } = await make(t)
    const bodies = {
      'errors/2026/11/21/1.ndjson': Buffer.from('{"a":1}\n'),
      'errors/2026/11/21/empty': new Uint8Array(),
      "a!_.*'()-=/b": Uint8Array.from({ length: 256 }, (_, byte) => byte),
      large: new Uint8Array(4_000_000).fill(7),
    }
    await Promise.all(Object.entries(bodies).map(([key, body]) => store.put(key, body, JSON_TYPE)))
    for (const [key, body] of Object.entries(bodies)) {
      const found = await store.get(key)
      t.ok(found !== undefined && Buffer.compare(found, body) === 0, key)
    }
    t.equal(await store.get('errors/2026/11/21/2.ndjson'), undefined)
    t.equal(await store.get('errors/2026'), undefined, 'a folder is no object')
  })

  t.test('a later put replaces the object whole', async (t) => {
    const { store } = await make(t)
    await store.put('a/b', Buffer.from('a long one'), JSON_TYPE)
    await store.put('a/b', Buffer.from('short'), JSON_TYPE)
    t.equal(Buffer.from((await store.get('a/b')) ?? []).toString(), 'short')
    t.match((await store.list('a/')).objects, [{ key: 'a/b', sizeBytes: 5 }])
  })

  t.test('removing, also of what is not there', async (t) => {
    const { store } = await make(t)
    await store.put('a/1', Buffer.from('1'), JSON_TYPE)
    await store.put('a/2', Buffer.from('2'), JSON_TYPE)
    await store.remove(['a/1', 'a/none', 'none/at/all'])
    t.equal(await store.get('a/1'), undefined)
    t.strictSame(
      (await store.list('')).objects.map(({ key }) => key),
      ['a/2'],
    )
    await store.remove([])
  })

  t.test('lists by prefix in the order of the keys', async (t) => {
    const { store } = await make(t)
    // Emulators don't agree with S3 about capitals; we write none where order matters.
    const keys = ['a.b', 'a/b/1', 'a/b/2', 'a/bc', 'a=/x', 'b/1', 'aa', 'a/b.c/1']
    const before = Date.now()
    for (const key of keys) await store.put(key, Buffer.from(key), JSON_TYPE)
    const list = async (prefix: string, after?: string) => {
      const page = await store.list(prefix, after)
      t.equal(page.next, undefined)
      return page.objects.map(({ key }) => key)
    }
    t.strictSame(await list(''), keys.toSorted())
    t.strictSame(await list('a/'), ['a/b.c/1', 'a/b/1', 'a/b/2', 'a/bc'])
    t.strictSame(await list('a/b/'), ['a/b/1', 'a/b/2'])
    t.strictSame(await list('a/b'), ['a/b.c/1', 'a/b/1', 'a/b/2', 'a/bc'])
    t.strictSame(await list('a/b', 'a/b/1'), ['a/b/2', 'a/bc'])
    t.strictSame(await list('', 'a/zz'), ['a=/x', 'aa', 'b/1'])
    t.strictSame(await list('c/'), [])
    const [first] = (await store.list('b/')).objects
    t.equal(first?.sizeBytes, 3)
    // Some stores tell whole seconds only.
    const isNow = first !== undefined && first.modifiedAt > before - 60_000
    t.ok(isNow && first.modifiedAt < Date.now() + 60_000)
  })

  t.test('a long list comes in pages that neither skip nor repeat', async (t) => {
    const { store } = await make(t)
    const keys = Array.from({ length: 1203 }, (_, number) => `many/${number % 7}/${number}`)
    for (let start = 0; start < keys.length; start += 100) {
      const some = keys.slice(start, start + 100)
      await Promise.all(some.map((key) => store.put(key, Buffer.from('x'), JSON_TYPE)))
    }
    const seen: StoredObject[] = []
    let after: string | undefined
    let pages = 0
    do {
      const page = await store.list('many/', after)
      t.ok(page.objects.length <= 1000)
      seen.push(...page.objects)
      after = page.next
      pages += 1
    } while (after !== undefined)
    t.strictSame(
      seen.map(({ key }) => key),
      keys.toSorted(),
    )
    t.equal(pages, 2)
    await store.remove(keys.slice(0, 1000))
    await store.remove(keys.slice(1000))
    t.strictSame((await store.list('')).objects, [])
  })

  t.test('keys that are none are refused', async (t) => {
    const { store } = await make(t)
    const wrong = ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', '../a', 'a/./b', 'a b', 'ä']
    wrong.push('a\\b', 'a\0b', '~incoming/x', 'a\n', 'x'.repeat(1025), 'x'.repeat(256), 'C:/x')
    const noKey = { kind: 'invalid', message: /is no key of an object/ }
    for (const key of wrong) {
      await t.rejects(store.put(key, Buffer.from('x'), JSON_TYPE), noKey)
      await t.rejects(store.get(key), noKey)
      await t.rejects(store.remove([key]), noKey)
    }
    const many = Array.from({ length: 1001 }, (_, number) => `a/${number}`)
    await t.rejects(store.remove(many), { kind: 'invalid', message: /1001 .* at most 1000/ })
    t.strictSame((await store.list('')).objects, [])
  })

  t.test('the check leaves nothing behind', async (t) => {
    const { store } = await make(t)
    await store.check()
    t.strictSame((await store.list('')).objects, [])
  })

  t.test('after close it is unavailable', async (t) => {
    const { store } = await make(t)
    await store.close()
    await store.close()
    const closed = { kind: 'unavailable', message: /closed/ }
    await t.rejects(store.put('a', Buffer.from('x'), JSON_TYPE), closed)
    await t.rejects(store.get('a'), closed)
    await t.rejects(store.list(''), closed)
    await t.rejects(store.remove(['a']), closed)
    await t.rejects(store.check(), closed)
  })
}
