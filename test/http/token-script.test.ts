import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { createKeys } from '../../src/http/auth.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/token.ts', import.meta.url))

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

t.test('it prints the token and nothing else on stdout', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'fleetgrid-token-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const { code, stdout, stderr } = await run(
    '--role',
    'operator',
    '--hours',
    '1',
    '--data-dir',
    dataDir,
  )
  t.equal(code, 0)
  t.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  t.match(stderr, /^dev-operator with the role operator, valid until /)
  const keyDir = join(dataDir, 'keys')
  const keys = createKeys({
    provider: 'local-keys',
    keyDir,
    issuer: undefined,
    audience: undefined,
  })
  const caller = await keys.verifyToken(stdout.trim())
  t.equal(caller.subject, 'dev-operator')
  t.ok(Math.abs(caller.expiresAt - Date.now() - 3_600_000) < 60_000)
})

const wrong: readonly [string[], RegExp][] = [
  [[], /--role is needed: one of viewer, operator, admin, device/],
  [['--role', 'boss'], /--role boss is not known: use one of viewer/],
  [['--role', 'viewer', '--hours', 'x'], /--hours x must be a number/],
  [['--rôle', 'viewer'], /--rôle/],
]
for (const [args, message] of wrong) {
  t.test(`token ${args.join(' ')} says what is wrong`, async (t) => {
    const { code, stdout, stderr } = await run(...args)
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, message)
  })
}

t.test('--help helps', async (t) => {
  const { code, stdout } = await run('--help')
  t.equal(code, 0)
  t.match(stdout, /Usage: node scripts\/token\.ts --role/)
})
