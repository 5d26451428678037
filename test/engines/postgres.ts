import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import pg from 'pg'
import { ensureInstalled, findPostgres, run } from './debian.ts'
import { choosePort, type Engine, type EngineOptions, startEngine } from './engine.ts'

const CONNECTIONS_MAX = 200
const READY_WITHIN_MS = 60_000
const NOBODY = 65_534

/** PostgreSQL with the superuser `postgres`, no password, on 127.0.0.1 only. */
export async function startPostgres(options: EngineOptions): Promise<Engine> {
  await ensureInstalled('postgres')
  const binaries = (await findPostgres()) ?? ''
  const folder = resolve(options.folder)
  const port = await choosePort(options.port)
  const user = await chooseUser()
  const data = join(folder, 'data')
  await mkdir(data, { recursive: true })
  if (user !== undefined) {
    await letIn(folder)
    await chown(data, user.uid, user.gid)
  }
  if (!existsSync(join(data, 'PG_VERSION'))) {
    const cluster = ['-A', 'trust', '-U', 'postgres', '--no-locale', '-E', 'UTF8', '--no-sync']
    await run(join(binaries, 'initdb'), ['-D', data, ...cluster], { cwd: data, ...user })
  }
  const settings = { listen_addresses: '127.0.0.1', max_connections: CONNECTIONS_MAX }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  return startEngine({
    name: 'PostgreSQL',
    command: join(binaries, 'postgres'),
    args: ['-D', data, '-p', String(port), '-k', '', ...flags],
    options: { folder, port },
    url,
    user,
    cwd: data,
    // Fast shutdown: it ends connections instead of waiting for them.
    stopSignal: 'SIGINT',
    ready: () => answers(url),
    readyWithinMs: READY_WITHIN_MS,
  })
}

/** PostgreSQL refuses to run as root. */
async function chooseUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const passwd = await readFile('/etc/passwd', 'utf8')
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(passwd) ?? []
  return { uid: Number(uid ?? NOBODY), gid: Number(gid ?? NOBODY) }
}

/** Lets another user pass through temporary folders, which are made for their owner alone. */
async function letIn(folder: string): Promise<void> {
  const top = resolve(tmpdir())
  for (let path = folder; path.startsWith(`${top}/`); path = dirname(path)) {
    const { mode } = await stat(path)
    if ((mode & 0o001) === 0) await chmod(path, mode | 0o011)
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 })
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } finally {
    await client.end().catch(() => {})
  }
}
