import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { FleetgridError } from '../../src/domain/errors.ts'
import { parseCredentials } from '../../src/ocpp/credentials.ts'
import { createDescribePeer } from '../../src/ocpp/peer.ts'
import { codeOf, isBug, toRpcError } from '../../src/ocpp/rpc-error.ts'

t.test('credentials', async (t) => {
  const basic = (text: string) => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`
  t.match(parseCredentials(basic('CP1:key')), { user: 'CP1', key: Buffer.from('key') })
  t.match(parseCredentials(basic('CP1:')), { user: 'CP1', key: Buffer.alloc(0) })
  t.match(parseCredentials(basic(':key')), { user: '', key: Buffer.from('key') })
  t.match(parseCredentials(basic('CP1:\xff\x00:')), { key: Buffer.from([0xff, 0, 0x3a]) })
  t.match(parseCredentials(basic('CP1:key').replace('Basic', 'BASIC ')), { user: 'CP1' })
  for (const header of [undefined, '', 'Basic', 'Basic !', 'Bearer Q1AxOmtleQ==', basic('CP1')]) {
    t.equal(parseCredentials(header), undefined, header ?? 'none')
  }
})

t.test('forwarded headers are believed only of trusted proxies', async (t) => {
  const describe = createDescribePeer(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'])
  const request = (remoteAddress: string, headers: Record<string, string> = {}) =>
    ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '1.1.1.1, 2.2.2.2' }
  const trusted = { address: '2.2.2.2', isTls: true }
  for (const proxy of ['10.1.2.3', '192.0.2.1', '::ffff:10.1.2.3', '2001:db8::1']) {
    t.strictSame(describe(request(proxy, forwarded)), trusted, proxy)
  }
  t.strictSame(describe(request('11.0.0.1', forwarded)), { address: '11.0.0.1', isTls: false })
  const chain = { ...forwarded, 'x-forwarded-for': 'garbage, 2.2.2.2, 10.9.9.9' }
  t.strictSame(describe(request('10.0.0.1', chain)), trusted)
  const plain = { 'x-forwarded-proto': 'https, http' }
  t.strictSame(describe(request('10.0.0.1', plain)), { address: '10.0.0.1', isTls: false })
  t.strictSame(createDescribePeer([])(request('10.0.0.1', forwarded)).isTls, false)
})

t.test('errors of handlers tell a station nothing of what is behind them', async (t) => {
  const fault = (error: unknown) => codeOf('2.0.1', toRpcError(error).fault)
  t.equal(fault(new Error('password=1')), 'InternalError')
  t.equal(toRpcError(new Error('password=1')).description, '')
  t.equal(fault(new FleetgridError('unavailable', 'x')), 'InternalError')
  t.equal(fault(new FleetgridError('forbidden', 'x')), 'SecurityError')
  t.equal(fault(new FleetgridError('unsupported', 'x')), 'NotSupported')
  t.equal(fault(new FleetgridError('invalid', 'x')), 'PropertyConstraintViolation')
  const told = new FleetgridError('invalid', 'x', { publicMessage: 'too late' })
  t.equal(toRpcError(told).description, 'too late')
  t.ok(isBug(new Error('x')))
  t.notOk(isBug(told))
})
