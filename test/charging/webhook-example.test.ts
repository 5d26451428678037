import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { sign } from '../../src/charging/post-signed.ts'

// The code of docs/how-to/webhooks.md, which people copy.

const page = resolve(import.meta.dirname, '../../docs/how-to/webhooks.md')
const secret = 'a secret of at least 32 characters'
const body = '{"id":"1","state":"accepted","reason":"geöffnet"}'

t.test('what Fleetgrid signs passes, all else does not', async (t) => {
  const [, code = ''] = /```js\n(.*?)```/s.exec(readFileSync(page, 'utf8')) ?? []
  const folder = t.testdir({ 'example.mjs': code })
  const { isFromFleetgrid } = await import(join(folder, 'example.mjs'))
  const header = sign(body, secret, Date.now())
  t.equal(isFromFleetgrid(header, body, secret), true)
  t.equal(isFromFleetgrid(header, body.replace('1', '2'), secret), false)
  t.equal(isFromFleetgrid(header, body, `${secret}!`), false)
  t.equal(isFromFleetgrid(sign(body, secret, Date.now() - 600_000), body, secret), false)
  for (const wrong of [undefined, '', 't=,v1=', 't=1,v1=00', header.slice(0, -1)]) {
    t.equal(isFromFleetgrid(wrong, body, secret), false)
  }
})
