import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'
import { createSubmission } from '../../simulators/submissions/create-submission.ts'
import { parseOptions } from '../../simulators/submissions/options.ts'
import { decodeSubmission, isInvalid } from '../../src/submissions/decode-submission.ts'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { createRandom } from '../helpers/random.ts'
import { until } from '../helpers/until.ts'

const DEVICE = 'a6829ee2-871f-485e-9253-fbd02ba091cc'

t.test('submissions are valid, but for the faults that were asked for', async (t) => {
  const chance = { next: createRandom(1) }
  for (const [faultRate, share] of [
    [0, 0],
    [0.01, 0.1],
    [1, 1],
  ] as const) {
    let invalid = 0
    for (let n = 0; n < 1000; n += 1) {
      const shape = { deviceId: DEVICE, eventsMax: 5, faultRate, createdAt: new Date(n * 1e9) }
      const body = JSON.stringify(createSubmission(chance, shape))
      if (isInvalid(decodeSubmission(body, 'drop-submission'))) invalid += 1
    }
    t.ok(Math.abs(invalid / 1000 - share) < 0.05, `${faultRate}: ${invalid}`)
  }
})

t.test('options, and what is wrong with them', async (t) => {
  t.match(parseOptions([]), { devices: 10, rate: 1, faultRate: 0.01, encoding: 'base64' })
  t.equal(parseOptions(['--help']), undefined)
  for (const args of [['--rate', 'x'], ['--fault-rate', '2'], ['--encoding', 'xml'], ['--nope']]) {
    t.throws(() => parseOptions(args), Error, args.join(' '))
  }
})

t.test('it sends to Fleetgrid itself, and says how many', async (t) => {
  const { httpUrl, token, metric } = await startFleetgrid(t)
  await send50(t, ['--url', httpUrl], { SIMULATOR_TOKEN: await token('operator') })
  t.equal(await metric(/submissions_total\{outcome="published"/), 50)
})

t.test('it sends to a queue, with any key to the embedded one', async (t) => {
  const { fleetgrid, metric } = await startFleetgrid(t, {
    FLEETGRID_ROLES: 'pipelines',
    SUBMISSION_QUEUE: 'embedded',
    SUBMISSION_QUEUE_PORT: '0',
  })
  const { url = '' } = fleetgrid.ports.submissionQueue?.describe() ?? {}
  await send50(t, ['--queue', url], { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' })
  await until(async () => (await metric(/submissions_total\{outcome="published"/)) === 50)
  await until(async () => (await metric(/queue="submissions",outcome="deleted"/)) === 50)
})

async function send50(t: Test, to: readonly string[], env: Record<string, string>) {
  const args = [...to, '--rate', '1000', '--count', '50', '--fault-rate', '0']
  const child = spawn(process.execPath, ['simulators/submissions/main.ts', ...args], {
    cwd: resolve(import.meta.dirname, '../..'),
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data
    })
  }
  const [code] = await once(child, 'close')
  t.equal(code, 0)
  t.match(output, /^\d+ s: 50 submissions sent .*, 0 not taken\n$/)
}
