import t from 'tap'
import { startFleetgrid } from '../helpers/fleetgrid.ts'

t.test('a time without zone is told what one looks like', async (t) => {
  const { send } = await startFleetgrid(t, { ARCHIVE: 'embedded' })
  const range = { from: '2026-11-21T10:00:00', to: '2026-11-21T11:00:00Z' }
  const { status, body } = await send('POST', '/archive/replay', range)
  t.equal(status, 400)
  t.same(body.errors, [
    { field: 'from', message: 'must be a time with its zone, such as 2026-11-21T10:00:00Z' },
  ])
})
