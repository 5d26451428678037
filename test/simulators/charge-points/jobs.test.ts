import t, { type Test } from 'tap'
import { type Job, Jobs } from '../../../simulators/charge-points/jobs.ts'
import { Scheduler } from '../../../simulators/charge-points/scheduler.ts'
import { until } from '../../helpers/until.ts'
import { FUTURE } from './command-case.ts'

function setUp(t: Test) {
  const scheduler = new Scheduler(2000)
  t.teardown(() => scheduler.stop())
  const told: string[] = []
  const jobs = new Jobs({
    scheduler,
    tell: (_job, status) => told.push(status),
    restartWithNewFirmware: (done) => done(),
  })
  return { scheduler, jobs, told }
}

const firmware = (location: string): Job => ({
  kind: 'firmware',
  isSigned: false,
  requestId: undefined,
  location,
})

t.test('how the job that waits stands is not how the one before it ended', async (t) => {
  const { jobs, told } = setUp(t)
  jobs.start(firmware('nowhere'))
  await until(() => told.includes('DownloadFailed'))
  jobs.start(firmware('https://firmware.example.com'), Date.parse(FUTURE))
  jobs.report('firmware', false)
  t.equal(told.at(-1), 'Idle')
})

t.test('a time that is none is now, and holds nobody else up', async (t) => {
  const { scheduler, jobs, told } = setUp(t)
  jobs.start(firmware('https://firmware.example.com'), Date.parse('tomorrow'))
  let isLate = true
  scheduler.later(1, () => {
    isLate = false
  })
  await until(() => told.includes('Installed') && !isLate, { withinMs: 3000 })
  t.same(told, ['Downloading', 'Downloaded', 'Installing', 'Installed'])
})
