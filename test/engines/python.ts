import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ensureInstalled, run } from './debian.ts'
import { findCommand } from './engine.ts'
import { withLock } from './lock.ts'

const CACHES = resolve(import.meta.dirname, '../../node_modules/.cache')

/**
 * A Python that has what `{name}/requirements.txt` beside this file names, from PyPI; installed once
 * for each content of it and each Python. Resolves to its path.
 * @throws Error with the end of what pip said
 */
export async function installPython(name: 'moto' | 'ocpp'): Promise<string> {
  await ensureInstalled('python')
  const requirements = join(import.meta.dirname, name, 'requirements.txt')
  const system = findCommand('python3') ?? 'python3'
  const hash = createHash('sha256').update(await readFile(requirements))
  // What is compiled for one Python is of no use to the next.
  hash.update(execFileSync(system, ['--version']))
  const cache = join(CACHES, `fleetgrid-${name}`)
  const folder = join(cache, hash.digest('hex').slice(0, 16))
  const python = join(folder, 'bin/python')
  if (existsSync(python)) return python
  await mkdir(cache, { recursive: true })
  await withLock(join(cache, 'lock'), async () => {
    if (existsSync(python)) return
    console.error(`engines: fetching ${name} with pip, once …`)
    const part = await mkdtemp(join(cache, 'part-'))
    try {
      await run(system, ['-m', 'venv', part])
      const install = ['install', '--quiet', '--no-deps', '--disable-pip-version-check']
      await run(join(part, 'bin/python'), ['-m', 'pip', ...install, '--requirement', requirements])
      await rename(part, folder)
    } finally {
      await rm(part, { recursive: true, force: true })
    }
  })
  return python
}
