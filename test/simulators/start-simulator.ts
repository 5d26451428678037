import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'

const SIMULATORS = join(import.meta.dirname, '../../simulators')

/** A simulator as a process of its own, ended with the test. `script` below simulators/. */
export function startSimulator(
  t: Test,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const child = spawn(process.execPath, [join(SIMULATORS, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    text.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text.err += chunk.toString()
  })
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return {
    /** All that it has said up to now. */
    text,
    terminate: () => child.kill('SIGTERM'),
    async exitCode(): Promise<unknown> {
      const [code] = await closed
      return code
    },
  }
}

/** A number of the summary at the end. */
export function readSummary(out: string, title: string): number {
  return Number(new RegExp(`^ *${title} +(\\d+)$`, 'm').exec(out)?.[1])
}
