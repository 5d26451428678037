import fc from 'fast-check'
import t from 'tap'
import { findJsonFault } from '../../src/fleet/json-fault.ts'

const faults: readonly [text: string, position: number][] = [
  ['', 0],
  ['  ', 2],
  ['{"a":x}', 5],
  ['{"a":1', 6],
  ['{a:1}', 1],
  ['[1,]', 3],
  ['[1 2]', 3],
  ['{"a" 1}', 5],
  ['{"a":1}}', 7],
  ['{"a":1,}', 7],
  ['"abc', 0],
  ['{"a":"\u0001"}', 5],
  ['[01]', 2],
  ['nul', 0],
  ['{"a":[1,{"b":}]}', 13],
  [']', 0],
  ['[}', 1],
]
for (const [text, position] of faults) {
  t.test(`${JSON.stringify(text)} is wrong at ${position}`, async (t) => {
    t.throws(() => JSON.parse(text))
    t.equal(findJsonFault(text), position)
  })
}

t.test(
  'whatever is cut or changed, it points into the text, behind nothing that is wrong',
  async (t) => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), (json, seed, noise) => {
        const at = seed % (json.length + 1)
        const text = json.slice(0, at) + noise + json.slice(at + 1)
        try {
          JSON.parse(text)
          return true
        } catch {
          const position = findJsonFault(text)
          return position >= 0 && position <= text.length
        }
      }),
      { seed: 20_201_104, numRuns: 2000 },
    )
    t.pass()
  },
)
