import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ensureInstalled, run } from '../debian.ts'
import { findCommand } from '../engine.ts'
import { withLock } from '../lock.ts'

const CACHE = resolve(import.meta.dirname, '../../../node_modules/.cache/fleetgrid-opensearch')

/** Folder with OpenSearch's jars from Maven Central; downloaded once for each pom.xml. */
export async function fetchJars(): Promise<string> {
  const pom = join(import.meta.dirname, 'pom.xml')
  const hash = createHash('sha256').update(await readFile(pom))
  const jars = join(CACHE, hash.digest('hex').slice(0, 16))
  if (existsSync(jars)) return jars
  await ensureInstalled('java', 'maven')
  await mkdir(CACHE, { recursive: true })
  await withLock(join(CACHE, 'lock'), async () => {
    if (existsSync(jars)) return
    console.error('engines: fetching OpenSearch with Maven, about 70 MB, once …')
    const part = await mkdtemp(join(CACHE, 'part-'))
    try {
      const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime']
      const args = ['-B', '-q', '-f', pom, ...goal, `-DoutputDirectory=${part}`]
      await run(findCommand('mvn') ?? 'mvn', args)
      // A temporary folder is for its owner alone; what others may read of a checkout includes this.
      await chmod(part, 0o755)
      await rename(part, jars)
    } finally {
      await rm(part, { recursive: true, force: true })
    }
  })
  return jars
}
