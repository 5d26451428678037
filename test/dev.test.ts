import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import t from 'tap'
import { choosePort } from './engines/engine.ts'
import { engineFolder } from './helpers/engine-folder.ts'
import { until } from './helpers/until.ts'

t.test('make dev: sensors send to its queue, and what they send leaves as events', async (t) => {
  const ports = await Promise.all([choosePort(0), choosePort(0), choosePort(0)])
  const [HTTP_PORT = '', MQTT_PORT = '', SUBMISSION_QUEUE_PORT = ''] = ports.map(String)
  const args = ['--vehicles', '1', '--charge-points', '1', '--submissions', '10']
  const child = spawn(process.execPath, ['scripts/dev.ts', ...args], {
    cwd: resolve(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env['PATH'], DATA_DIR: engineFolder(t) },
      ...{ HTTP_PORT, MQTT_PORT, SUBMISSION_QUEUE_PORT },
    },
  })
  const exited = once(child, 'exit')
  t.teardown(() => child.kill())
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  await until(() => output.includes('Ctrl-C stops everything'), { withinMs: 60_000 })
  t.match(output, `http://127.0.0.1:${SUBMISSION_QUEUE_PORT}/000000000000/submissions`)
  const sample = async (pattern: RegExp) => {
    const text = await (await fetch(`http://127.0.0.1:${HTTP_PORT}/metrics`)).text()
    return Number(pattern.exec(text)?.[1])
  }
  const deleted = /^fleetgrid_queue_messages_total\{queue="submissions",outcome="deleted"\} (\d+)/m
  const published = /^fleetgrid_submission_events_total\{outcome="published"\} (\d+)/m
  await until(async () => (await sample(deleted)) > 0 && (await sample(published)) > 0)
  child.kill('SIGTERM')
  t.same(await exited, [0, null])
})
