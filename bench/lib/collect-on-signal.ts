import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

// Loaded before a server, so that what it holds can be told from what it hasn't given back yet:
// SIGUSR2 collects garbage, and writes what is left into the file that MEMORY_FILE names.

if (isMainThread) {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  process.on('SIGUSR2', () => {
    collect()
    const file = process.env['MEMORY_FILE']
    if (file !== undefined) writeFileSync(file, JSON.stringify(process.memoryUsage()))
  })
}
