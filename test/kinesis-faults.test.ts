import { spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import t from 'tap'
import { until } from './helpers/until.ts'

// npm run kinesis:faults, as somebody who types it meets it.

const SCRIPT = resolve(import.meta.dirname, '../scripts/kinesis-faults.ts')

function run(args: readonly string[]) {
  return spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8', timeout: 20_000 })
}

t.test('what is wrong on the command line is one sentence and exit 2', async (t) => {
  for (const [args, sentence] of [
    [['--target', 'nonsense'], /--target must be a URL, such as http:.*, not "nonsense"/],
    [['--target', 'ftp://127.0.0.1'], /--target must be a URL/],
    [['--port', '99999'], /--port must be a whole number from 0 to 65535, not "99999"/],
    [['--probability', '2'], /--probability must be a number from 0 to 1/],
    [['--kinds', 'all,nonsense'], /--kinds has "nonsense"/],
    [['nonsense'], /nonsense/],
  ] as const) {
    const { status, stderr } = run(args)
    t.equal(status, 2, args.join(' '))
    t.match(stderr, sentence)
    t.match(stderr, /^kinesis:faults: [^\n]+\. All options: --help\n$/)
  }
})

t.test('a port that is taken is one sentence and exit 2', async (t) => {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const child = spawn(process.execPath, [SCRIPT, '--port', String(port)])
  let text = ''
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  await until(() => child.exitCode !== null, { withinMs: 20_000 })
  t.equal(child.exitCode, 2)
  t.match(text, new RegExp(`^kinesis:faults: --port ${port}: .*EADDRINUSE.*--help\n$`))
})
