import t from 'tap'
import { startFleetgrid } from '../helpers/fleetgrid.ts'
import { encode, SAMPLE, submission } from './submissions.ts'

// Whatever a sensor may send, through the public edge: each has one outcome, and the counts add up.

/** Each with an id of its own, so that none is a duplicate of another. */
let number = 0
const numbered = (changes: Record<string, unknown>) => {
  number += 1
  const id = `81140a44-b06d-421d-bd00-${String(number).padStart(12, '0')}`
  return submission({ submission_id: id, ...changes })
}
const process = (event: unknown) => encode(numbered({ events: { new_process: [event] } }))
const connection = (change: object) => {
  const [first] = SAMPLE.events.network_connection
  return encode(numbered({ events: { network_connection: [{ ...first, ...change }] } }))
}
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
/** A process whose `cmdl` is this JSON text. */
const withRaw = (text: string) => {
  const document = numbered({ events: { new_process: [{ cmdl: 'RAW', user: 'a' }] } })
  return encode(JSON.stringify(document).replace('"RAW"', text))
}

const REJECTED: [name: string, body: string][] = [
  ['an empty body', ''],
  ['[]', encode('[]')],
  ['[], not encoded', '[]'],
  ['null', encode('null')],
  ['null, not encoded', 'null'],
  ['a text', encode('"text"')],
  ['base64 without its end', encode(SAMPLE).slice(0, -2)],
  ['base64 with a line end', `${encode(SAMPLE)}\n`],
  ['base64 of URLs', Buffer.from('{"a":"???>>>"}').toString('base64url')],
  ['junk in base64', `${encode(SAMPLE).slice(0, 8)}!!!!${encode(SAMPLE).slice(12)}`],
  ['invalid UTF-8', Buffer.from('{"a":"\xff"}', 'latin1').toString('base64')],
  ['NUL between values', encode(`\u0000${JSON.stringify(SAMPLE)}`)],
  ['a raw NUL in a text', withRaw('"a\u0000b"')],
  ['half a character that is not escaped', JSON.stringify(SAMPLE).replace('notepad', '\ud800')],
  ['20,000 brackets', encode(nested(20_000))],
  ['20,000 brackets in an event', withRaw(`"a","deep":${nested(20_000)}`)],
  ['… in its second event', withRaw(`"a","user":"b"},{"cmdl":"a","deep":${nested(20_000)}`)],
  ['__proto__ instead of lists', encode(`{"__proto__":${JSON.stringify(SAMPLE)}}`)],
  ['a list called __proto__', encode(JSON.stringify(SAMPLE).replace('new_process', '__proto__'))],
  ['a list called toString', encode(numbered({ events: { toString: [] } }))],
  ['port "443"', connection({ destination_port: '443' })],
  ['port -1', connection({ destination_port: -1 })],
  ['port 65536', connection({ destination_port: 65_536 })],
  ['port true', connection({ destination_port: true })],
  ['port null', connection({ destination_port: null })],
  ['port 443.5', connection({ destination_port: 443.5 })],
  ['IPv6', connection({ source_ip: '::1' })],
  ['leading zeros', connection({ destination_ip: '192.168.00.1' })],
  ['a network', connection({ destination_ip: '1.2.3.4/1' })],
  ['three parts', connection({ destination_ip: '1.2.3' })],
  ['256', connection({ destination_ip: '256.1.1.1' })],
  ['cmdl null', process({ cmdl: null, user: 'a' })],
  ['user 5', process({ cmdl: 'a', user: 5 })],
  ['urn:uuid:', encode(numbered({ device_id: `urn:uuid:${SAMPLE.device_id}` }))],
  ['an unknown list', encode(numbered({ events: { file_written: [] } }))],
  ['events []', encode(numbered({ events: [] }))],
]

const PUBLISHED: [name: string, body: string, events: number][] = [
  ['no lists', encode(numbered({ events: {} })), 0],
  ['empty lists', encode(numbered({ events: { new_process: [], network_connection: [] } })), 0],
  ['port 0', connection({ destination_port: 0 }), 1],
  ['port 443.0', encode(JSON.stringify(numbered({})).replace('33760', '443.0')), 7],
  ['an escaped NUL', process({ cmdl: 'a\u0000b', user: 'b' }), 1],
  ['an escaped lone surrogate', process({ cmdl: 'a\ud800', user: 'b' }), 1],
  ['a member __proto__', withRaw('"a","__proto__":{"user":5}'), 1],
  ['31 brackets in an event', withRaw(`"a","deep":${nested(31)}`), 1],
  ['a time without a zone', encode(numbered({ time_created: '2022-05-09T03:23:58' })), 7],
  ['a time with one', encode(numbered({ time_created: '2022-05-09T03:23:58.5+05:30' })), 7],
  ['a name twice: the last one counts', withRaw('null,"cmdl":"b"'), 1],
]

t.test('each is counted with its outcome: sent = published + rejected', async (t) => {
  const { send, get, metric } = await startFleetgrid(t)
  const outcomeOf = async (body: string) => {
    const answer = await send('POST', '/submissions/replay', {
      Records: [{ messageId: 'one', body }],
    })
    t.strictSame(answer.body?.batchItemFailures, [], JSON.stringify(answer.body))
    return answer.body
  }
  for (const [name, body] of REJECTED) {
    t.match(await outcomeOf(body), { published: 0, rejected: 1, events: 0 }, name)
  }
  for (const [name, body, events] of PUBLISHED) {
    t.match(await outcomeOf(body), { published: 1, rejected: 0, events }, name)
  }
  t.equal(await metric(/submissions_total\{outcome="rejected"/), REJECTED.length)
  t.equal(await metric(/submissions_total\{outcome="published"/), PUBLISHED.length)
  const total = PUBLISHED.reduce((sum, [, , events]) => sum + events, 0)
  t.equal(await metric(/submission_events_total\{outcome="published"\}/), total)
  const letters = new Set<string>()
  let offset: number | null = 0
  while (offset !== null) {
    const { body } = await get(`/dead-letters?maxResults=50&offset=${offset}`)
    for (const { id } of body.deadLetters) letters.add(id)
    offset = body.offset
  }
  t.equal(letters.size, REJECTED.length, 'every one is kept')
})
