import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findCommand } from './engine.ts'
import { withLock } from './lock.ts'

// The one place that installs what npm doesn't have, and only where it may: as root on Debian or
// Ubuntu, as in CI. Elsewhere it says what to install.

/** What has to be found, and the Debian package that has it. */
const NEEDS = {
  java: { package: 'default-jdk-headless', find: () => findCommand('javac') },
  maven: { package: 'maven', find: () => findCommand('mvn') },
  mosquitto: { package: 'mosquitto', find: () => findCommand('mosquitto') },
  postgres: { package: 'postgresql', find: findPostgres },
  python: { package: 'python3-venv', find: findPythonWithVenv },
} as const

export type Need = keyof typeof NEEDS

/** @throws Error with the command to run, if something is missing and can't be installed here */
export async function ensureInstalled(...needs: Need[]): Promise<void> {
  const missing = await findMissing(needs)
  if (missing.length === 0) return
  const aptGet = findCommand('apt-get')
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0 || aptGet === undefined) {
    throw new Error(`The engines need ${missing.join(', ')}: run \`sudo ${command}\` first.`)
  }
  await withLock(join(tmpdir(), 'fleetgrid-apt.lock'), async () => {
    const still = await findMissing(needs)
    if (still.length === 0) return
    console.error(`engines: installing ${still.join(', ')} (Debian packages) …`)
    const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300']
    await run(aptGet, [...options, 'update'])
    await run(aptGet, [...options, 'install', '-y', '--no-install-recommends', ...still])
  })
  const left = await findMissing(needs)
  if (left.length > 0) throw new Error(`${left.join(', ')}: installed, but not found on the PATH`)
}

/** Folder with initdb and postgres, of the newest version; Debian keeps it off the PATH. */
export async function findPostgres(): Promise<string | undefined> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch(() => [])
  for (const version of versions.map(Number).sort((a, b) => b - a)) {
    const folder = join(root, String(version), 'bin')
    if (existsSync(join(folder, 'initdb'))) return folder
  }
  const elsewhere = findCommand('initdb')
  return elsewhere === undefined ? undefined : dirname(elsewhere)
}

/** Debian's Python alone can't make a virtual environment: what puts pip into it is missing. */
async function findPythonWithVenv(): Promise<string | undefined> {
  const python = findCommand('python3')
  if (python === undefined) return undefined
  const probe = run(python, ['-c', 'import ensurepip, venv'])
  return probe.then(
    () => python,
    () => undefined,
  )
}

async function findMissing(needs: readonly Need[]): Promise<string[]> {
  const found = await Promise.all(needs.map((need) => NEEDS[need].find()))
  return needs.filter((_, index) => found[index] === undefined).map((need) => NEEDS[need].package)
}

/** @throws Error with the end of what the command said */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly uid?: number; readonly gid?: number } = {},
): Promise<void> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    ...options,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output = (output + data).slice(-4000)
    })
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`)
}
