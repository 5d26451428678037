import t from 'tap'
import { decodeSubmission, isInvalid } from '../../src/submissions/decode-submission.ts'
import { eventId } from '../../src/submissions/event-id.ts'
import { mapEvents } from '../../src/submissions/map-events.ts'
import { encode, SAMPLE } from './submissions.ts'

const now = () => Date.parse('2024-03-05T01:49:51.260Z')

function recordsOf(document: unknown) {
  const decoded = decodeSubmission(encode(document), 'drop-event')
  if (isInvalid(decoded)) throw new Error(decoded.reason)
  return [...mapEvents(decoded, now)]
}

t.test('a record has what the original says, and a little more', async (t) => {
  const records = recordsOf(SAMPLE)
  t.equal(records.length, 7)
  for (const { key } of records) t.equal(key, SAMPLE.device_id)
  const [first, , , , fifth] = records.map(({ data }) => Buffer.from(data).toString())
  t.equal(
    first,
    `{"event_id":"${eventId(SAMPLE.submission_id, 'new_process', 0)}","device_id":"${SAMPLE.device_id}","time_processed":"2024-03-05T01:49:51.260Z","type":"new_process","details":{"cmdl":"notepad.exe","user":"admin"},"submission_id":"${SAMPLE.submission_id}","time_created":"2022-05-09T03:23:58.982796","seq":0}`,
  )
  t.match(JSON.parse(fifth ?? ''), {
    type: 'network_connection',
    seq: 4,
    details: SAMPLE.events.network_connection[0],
  })
})

t.test('what is odd in an event arrives as it was', async (t) => {
  const details = { cmdl: 'a\u0000\ud800"ä😀', user: '', pid: 7 }
  const [record] = recordsOf({ ...SAMPLE, events: { new_process: [details] } })
  t.strictSame(JSON.parse(Buffer.from(record?.data ?? []).toString()).details, details)
})

t.test('ids are UUIDs of version 5, and the same each time', async (t) => {
  // Checked against Python's uuid.uuid5 with the same namespace and name.
  t.equal(
    eventId('81140a44-b06d-421d-bd00-cbc65aab6503', 'new_process', 0),
    '1015e881-2a2b-51af-850d-bf252ff4ea93',
  )
  const ids = recordsOf(SAMPLE).map(({ data }) => JSON.parse(Buffer.from(data).toString()).event_id)
  t.equal(new Set(ids).size, 7)
  const capital = { ...SAMPLE, submission_id: SAMPLE.submission_id.toUpperCase() }
  const again = recordsOf(capital).map(
    ({ data }) => JSON.parse(Buffer.from(data).toString()).event_id,
  )
  t.same(again, ids)
  for (const id of ids) t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-/)
})
