import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 200
const WAIT_MAX_MS = 600_000

/** Runs the work while no other process on this machine runs under the same lock file. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const endsAt = Date.now() + WAIT_MAX_MS
  while (!(await take(file))) {
    if (await isAbandoned(file)) await rm(file, { force: true })
    else if (Date.now() > endsAt) throw new Error(`${file} is held too long: delete it, try again`)
    else await pause(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Its owner has ended without removing it. An empty file is just being written. */
async function isAbandoned(file: string): Promise<boolean> {
  const owner = Number(await readFile(file, 'utf8').catch(() => ''))
  if (!(owner > 0)) return false
  try {
    process.kill(owner, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
