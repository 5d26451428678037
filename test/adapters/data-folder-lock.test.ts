import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { lockDataFolder } from '../../src/adapters/data-folder-lock.ts'

const MODULE = new URL('../../src/adapters/data-folder-lock.ts', import.meta.url).href

/** Another process that holds the folder, or says why it can't. */
function otherProcess(dataDir: string) {
  const script = `
    const { lockDataFolder } = await import(${JSON.stringify(MODULE)})
    try {
      lockDataFolder(${JSON.stringify(dataDir)})
      console.log('locked')
      setInterval(() => {}, 1000)
    } catch (error) {
      console.log(error.message)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = once(child.stdout, 'data').then(([data]) => String(data).trim())
  return { child, said }
}

t.test('a second process is told who has the folder and what to do', async (t) => {
  const dataDir = join(t.testdir(), 'new', 'folder')
  const release = lockDataFolder(dataDir)
  const { said } = otherProcess(dataDir)
  const message = await said
  t.match(message, `${dataDir} is in use by Fleetgrid process ${process.pid}.`)
  t.match(message, 'set DATA_DIR to another folder')
  release()
  release()
  const { child, said: next } = otherProcess(dataDir)
  t.teardown(() => child.kill('SIGKILL'))
  t.equal(await next, 'locked', 'what was released can be taken')
})

t.test('a second holder within this process is refused too', async (t) => {
  const dataDir = t.testdir()
  const release = lockDataFolder(dataDir)
  t.throws(() => lockDataFolder(dataDir), { message: /is in use by/ })
  release()
  t.equal(existsSync(join(dataDir, 'fleetgrid.pid')), false)
  lockDataFolder(dataDir)()
})

t.test('the lock dies with its process', async (t) => {
  const dataDir = t.testdir()
  const { child, said } = otherProcess(dataDir)
  t.equal(await said, 'locked')
  t.throws(() => lockDataFolder(dataDir), { message: `process ${child.pid}. Stop it` })
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  lockDataFolder(dataDir)()
})
