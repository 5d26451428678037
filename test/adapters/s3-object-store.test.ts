import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createS3ObjectStore } from '../../src/adapters/object-store/s3.ts'

// What S3 answers when something is wrong. What it does when all is well: test/live.

process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'

/** A store on a server that answers as told. */
async function openStore(t: Test, answer: RequestListener, callTimeoutMs = 20_000) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const aws = { region: 'eu-west-1', endpoint: `http://user:secret@127.0.0.1:${port}` }
  const store = createS3ObjectStore({ aws, bucket: 'b', keyPrefix: 'p/', callTimeoutMs })
  await store.open()
  t.teardown(async () => {
    await store.close()
    server.closeAllConnections()
    server.close()
  })
  return { store, stop: () => new Promise((resolve) => server.close(resolve)) }
}

function refuse(status: number, code: string): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(`<Error><Code>${code}</Code><Message>it says ${code}</Message></Error>`)
  }
}

const BODY = Buffer.from('x')

t.test('each refusal says what to do', async (t) => {
  const cases: readonly [status: number, code: string, message: RegExp][] = [
    [404, 'NoSuchBucket', /there is no bucket b at http:\/\/127.*: create it or set S3_BUCKET/],
    [403, 'AccessDenied', /access to S3_BUCKET=b is denied: its role needs s3:PutObject/],
    [403, 'InvalidAccessKeyId', /AWS credentials for S3_BUCKET=b are missing, wrong or expired/],
    [403, 'SignatureDoesNotMatch', /credentials/],
    [400, 'ExpiredToken', /credentials/],
    [400, 'AuthorizationHeaderMalformed', /S3_BUCKET=b is not in AWS_REGION=eu-west-1/],
    [400, 'SomethingNew', /answers SomethingNew: it says SomethingNew/],
  ]
  for (const [status, code, message] of cases) {
    const { store } = await openStore(t, refuse(status, code))
    const error: unknown = await store.put('a', BODY, 'text/plain').catch((reason) => reason)
    t.match(error, { kind: 'unavailable', message }, code)
    t.notMatch(String(error), /secret/)
    if (code !== 'NoSuchBucket') await t.rejects(store.get('a'), { kind: 'unavailable', message })
  }
})

t.test('only a missing object is none; a missing bucket is an error', async (t) => {
  const { store } = await openStore(t, refuse(404, 'NoSuchKey'))
  t.equal(await store.get('a'), undefined)
  const { store: other } = await openStore(t, refuse(404, 'NoSuchBucket'))
  await t.rejects(other.get('a'), { kind: 'unavailable', message: /no bucket/ })
})

t.test('a short fault is ridden out', async (t) => {
  let requests = 0
  const { store } = await openStore(t, (request, response) => {
    requests += 1
    if (requests < 3) refuse(503, 'SlowDown')(request, response)
    else response.end()
  })
  await store.put('a', BODY, 'text/plain')
  t.equal(requests, 3)
})

t.test('a long fault, silence and a server that is away are told', async (t) => {
  const { store: busy } = await openStore(t, refuse(503, 'SlowDown'))
  await t.rejects(busy.put('a', BODY, 'text/plain'), { kind: 'unavailable', message: /SlowDown/ })
  const { store: silent } = await openStore(t, () => {}, 300)
  await t.rejects(silent.put('a', BODY, 'text/plain'), {
    kind: 'unavailable',
    message: /can't write a: no answer within 300 ms from http:\/\/127.*\(S3_BUCKET=b\)/,
  })
  const { store: away, stop } = await openStore(t, () => {})
  await stop()
  await t.rejects(away.check(), { kind: 'unavailable', message: /ECONNREFUSED/ })
})

t.test('an answer that breaks off or halts in the middle is no object', async (t) => {
  for (const isCutOff of [true, false]) {
    const { store } = await openStore(
      t,
      (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('half')
        if (isCutOff) setImmediate(() => response.destroy())
      },
      300,
    )
    await t.rejects(store.get('a'), { kind: 'unavailable', message: /can't read a/ })
  }
})

t.test('an object that could not be removed is not passed over', async (t) => {
  const error = '<Error><Key>p/a</Key><Code>AccessDenied</Code><Message>no</Message></Error>'
  const gone = '<Error><Key>p/b</Key><Code>NoSuchKey</Code><Message>gone</Message></Error>'
  const result = (errors: string): RequestListener => {
    return (_request, response) => response.end(`<DeleteResult>${errors}</DeleteResult>`)
  }
  const { store } = await openStore(t, result(error + gone))
  await t.rejects(store.remove(['a', 'b', 'c']), { kind: 'unavailable', message: /denied.*p\/a/ })
  const { store: calm } = await openStore(t, result(gone))
  await calm.remove(['a', 'b', 'c'])
})
