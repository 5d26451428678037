import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { withLock } from './lock.ts'

t.test('one at a time, in whatever order', async (t) => {
  const file = join(t.testdir(), 'lock')
  let inside = 0
  let most = 0
  const work = async () => {
    inside += 1
    most = Math.max(most, inside)
    await new Promise(setImmediate)
    inside -= 1
  }
  await Promise.all([withLock(file, work), withLock(file, work), withLock(file, work)])
  t.equal(most, 1)
  t.notOk(existsSync(file), 'and it is gone')
})

t.test('a lock whose owner was killed is taken over', async (t) => {
  const file = join(t.testdir(), 'lock')
  const { pid } = spawnSync(process.execPath, ['--version'])
  await writeFile(file, String(pid))
  t.equal(await withLock(file, async () => 'done'), 'done')
})

t.test('a failure frees it', async (t) => {
  const file = join(t.testdir(), 'lock')
  await t.rejects(
    withLock(file, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
  t.notOk(existsSync(file))
})
