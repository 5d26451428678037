import t from 'tap'
import { createCounts } from '../../../simulators/vehicles/counts.ts'
import { createProgress, formatSummary } from '../../../simulators/vehicles/progress.ts'

const state = { vehicles: 3, driving: 2, connections: 3, online: 3, inFlight: 1 }

function setUp(isTTY: boolean, quiet = false) {
  const written: string[] = []
  const errors: string[] = []
  const counts = { ...createCounts(), published: 41, acknowledged: 40 }
  const output = { isTTY, columns: 80, write: (text: string) => written.push(text) }
  const progress = createProgress(
    output,
    { write: (text: string) => errors.push(text) },
    counts,
    quiet,
  )
  return { progress, counts, written, errors }
}

t.test('on a terminal one line renews itself and gives way to notes', async (t) => {
  const { progress, written, errors } = setUp(true)
  progress.refresh(1000, state)
  progress.refresh(2000, state)
  progress.note('careful')
  t.same(written, [
    '\r\u001b[K00:00:01  driving 2/3  acknowledged 40/41 (40/s)  in flight 1',
    '\r\u001b[K00:00:02  driving 2/3  acknowledged 40/41 (0/s)  in flight 1',
    '\r\u001b[K',
  ])
  t.same(errors, ['careful\n'])
})

t.test('elsewhere a plain line every ten seconds', async (t) => {
  const { progress, counts, written } = setUp(false)
  Object.assign(counts, { skippedTicks: 4, dropped: 3, failed: 2, reconnects: 1 })
  for (let second = 1; second <= 20; second++) {
    progress.refresh(second * 1000, { ...state, online: 2 })
  }
  const tail = 'in flight 1  online 2/3  skipped 4  dropped 3  failed 2  reconnects 1\n'
  t.same(written, [
    `00:00:10  driving 2/3  acknowledged 40/41 (4/s)  ${tail}`,
    `00:00:20  driving 2/3  acknowledged 40/41 (0/s)  ${tail}`,
  ])
})

t.test('quiet', async (t) => {
  const { progress, written } = setUp(true, true)
  for (let second = 1; second <= 20; second++) progress.refresh(second * 1000, state)
  t.same(written, [])
})

t.test('the summary accounts for every message', async (t) => {
  const counts = { ...createCounts(), published: 41, acknowledged: 38, failed: 1, dropped: 5 }
  const summary = formatSummary('SIGTERM', 3_725_000, counts)
  t.match(summary, /^Stopped after 01:02:05 \(SIGTERM\)\.\n/)
  t.match(summary, /\n {2}published +41\n/)
  t.match(summary, /\n {2}acknowledged +38\n/)
  t.match(summary, /\n {2}unacknowledged +2\n/)
  t.match(summary, /\n {2}dropped unsent +5\n/)
})
