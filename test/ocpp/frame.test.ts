import fc from 'fast-check'
import t from 'tap'
import { parseFrame, renderCall, renderError, renderResult } from '../../src/ocpp/frame.ts'

const SEED = 20_260_821

t.test('frames that are right', async (t) => {
  t.strictSame(parseFrame('[2,"1","Heartbeat",{}]'), {
    kind: 'call',
    id: '1',
    action: 'Heartbeat',
    payload: {},
  })
  t.strictSame(parseFrame('[3,"1",{"a":1}]'), { kind: 'result', id: '1', payload: { a: 1 } })
  t.strictSame(parseFrame('[4,"1","InternalError","it broke",{}]'), {
    kind: 'error',
    id: '1',
    code: 'InternalError',
    description: 'it broke',
  })
})

t.test('what stations do wrong without harm', async (t) => {
  t.match(parseFrame('[2,"1","Heartbeat",null]'), { kind: 'call', payload: {} })
  t.match(parseFrame('[3,"1",null]'), { kind: 'result', payload: {} })
  t.match(parseFrame('[4,"1","InternalError"]'), { kind: 'error', description: '' })
  const long = 'x'.repeat(1000)
  const error = parseFrame(JSON.stringify([4, '1', long, long, {}]))
  t.strictSame(error, {
    kind: 'error',
    id: '1',
    code: 'x'.repeat(255),
    description: 'x'.repeat(255),
  })
  t.strictSame(parseFrame(''), { kind: 'empty' })
  t.strictSame(parseFrame(' \n'), { kind: 'empty' })
})

t.test('frames that can’t be used, with the id of who waits for an answer', async (t) => {
  const long = 'i'.repeat(37)
  const veryLong = 'i'.repeat(300)
  const cases: [text: string, fault: string, id: string | undefined, isAnswer?: boolean][] = [
    ['{', 'not-json', undefined],
    ['[2,"1","Heartbeat",{}', 'not-json', undefined],
    ['{"a":1}', 'not-an-array', undefined],
    ['null', 'not-an-array', undefined],
    ['[]', 'message-type', undefined],
    ['[1,"1"]', 'message-type', '1'],
    ['["2","1","Heartbeat",{}]', 'message-type', '1'],
    ['[6,"1","Send",{}]', 'message-type', '1'],
    ['[5,"1","FormatViolation","",{}]', 'message-type', undefined, true],
    ['[2]', 'id', undefined],
    ['[2,1,"Heartbeat",{}]', 'id', undefined],
    ['[2,"","Heartbeat",{}]', 'id', undefined],
    [`[2,"${long}","Heartbeat",{}]`, 'id-too-long', long],
    [`[2,"${veryLong}","Heartbeat",{}]`, 'id-too-long', undefined],
    ['[2,"1"]', 'element-count', '1'],
    ['[2,"1","Heartbeat"]', 'element-count', '1'],
    ['[2,"1","Heartbeat",{},{}]', 'element-count', '1'],
    ['[2,"1",5,{}]', 'element-count', '1'],
    ['[2,"1","Heartbeat",[]]', 'payload', '1'],
    ['[2,"1","Heartbeat","{}"]', 'payload', '1'],
    ['[3]', 'id', undefined, true],
    ['[3,"1"]', 'payload', '1', true],
    ['[3,"1",{},{}]', 'payload', '1', true],
    ['[4,"1"]', 'payload', '1', true],
    ['[4]', 'id', undefined, true],
  ]
  for (const [text, fault, id, isAnswer = false] of cases) {
    t.match(parseFrame(text), { kind: 'faulty', fault, isAnswer }, text)
    t.equal((parseFrame(text) as { id?: string }).id, id, text)
  }
})

t.test('nesting is bounded, what only looks like it is not counted', async (t) => {
  const nested = (depth: number) => `[2,"1","A",${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}]`
  t.match(parseFrame(nested(31)), { kind: 'call' })
  t.match(parseFrame(nested(32)), { fault: 'too-deep' })
  t.match(parseFrame('['.repeat(500_000)), { fault: 'too-deep' })
  t.match(parseFrame(JSON.stringify([2, '1', 'A', { a: `\\"${'['.repeat(100)}` }])), {
    kind: 'call',
  })
})

t.test('what is rendered can be read, and an error has five elements', async (t) => {
  t.match(parseFrame(renderCall('1', 'Reset', { type: 'Soft' })), { kind: 'call', id: '1' })
  t.match(parseFrame(renderResult('1', {})), { kind: 'result', id: '1' })
  t.strictSame(JSON.parse(renderError('1', 'GenericError', '')), [4, '1', 'GenericError', '', {}])
  const [, , , description] = JSON.parse(renderError('1', 'GenericError', 'x'.repeat(1000)))
  t.equal(description.length, 255)
})

t.test(`nothing is thrown, whatever comes (seed ${SEED})`, async (t) => {
  const part = fc.oneof(fc.json(), fc.constantFrom('[', ']', '{', '}', '"', ',', '2', '\\', 'null'))
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json(),
    fc.array(part, { maxLength: 100 }).map((parts) => parts.join('')),
    fc.array(fc.jsonValue(), { maxLength: 6 }).map((elements) => JSON.stringify(elements)),
    fc
      .tuple(fc.constantFrom(1, 2, 3, 4, 5, 6), fc.array(fc.jsonValue(), { maxLength: 5 }))
      .map(([type, rest]) => JSON.stringify([type, ...rest])),
  )
  fc.assert(
    fc.property(text, (input) => {
      const frame = parseFrame(input)
      if (frame.kind === 'call') return frame.id.length <= 36 && typeof frame.payload === 'object'
      return typeof frame.kind === 'string'
    }),
    { seed: SEED, numRuns: 20_000 },
  )
  t.pass()
})
