import type { Test } from 'tap'
import type { IdToken } from '../../src/domain/id-token.ts'
import type { IdTokens } from '../../src/ports/id-tokens.ts'

/** What every store of tokens must do, through the port only. */
export function idTokensContract(t: Test, make: (t: Test) => Promise<IdTokens>): void {
  t.test('put, found without regard to case, replaced, removed', async (t) => {
    const tokens = await make(t)
    const full: IdToken = {
      ...{ uid: 'DeadBeef', kind: 'ISO14443', isBlocked: true, expiresAt: 1_790_000_000_000 },
      ...{ groupId: 'group', concurrentMax: 2, note: 'of Ü' },
    }
    await tokens.put(full)
    t.match(await tokens.find('DEADBEEF'), full)
    t.match(await tokens.find('deadbeef'), full)
    t.equal(await tokens.find('deadbee'), undefined)
    const plain = { uid: 'deadbeef', isBlocked: false, concurrentMax: 1 }
    await Promise.all([tokens.put(full), tokens.put(plain)])
    const found = await tokens.find('deadBEEF')
    t.match(found, { ...plain, kind: undefined, expiresAt: undefined, groupId: undefined })
    t.equal(await tokens.remove('DEADbeef'), true)
    t.equal(await tokens.remove('DEADbeef'), false)
    t.equal(await tokens.find('deadbeef'), undefined)
  })

  t.test('what no database can hold is found by nobody, and harms nobody', async (t) => {
    const tokens = await make(t)
    await tokens.put({ uid: 'good', isBlocked: false, concurrentMax: 1 })
    const found = await Promise.all(
      ['a\0b', 'good', '\ud800', "';--"].map((uid) => tokens.find(uid)),
    )
    t.match(found, [undefined, { uid: 'good' }, undefined, undefined])
  })

  t.test('pages, in order', async (t) => {
    const tokens = await make(t)
    const uids = Array.from({ length: 2500 }, (_, number) => `t${String(number).padStart(4, '0')}`)
    await Promise.all(uids.map((uid) => tokens.put({ uid, isBlocked: false, concurrentMax: 1 })))
    const first = await tokens.list({ limit: 2000 })
    const second = await tokens.list({ limit: 2000, afterUid: first.at(-1)?.uid ?? '' })
    t.strictSame(
      [...first, ...second].map(({ uid }) => uid),
      uids,
    )
  })
}
