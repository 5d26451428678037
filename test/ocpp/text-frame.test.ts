import t from 'tap'
import * as ws from 'ws'
import { textFrame } from '../../src/ocpp/text-frame.ts'

interface SenderOptions {
  readonly fin: boolean
  readonly opcode: number
  readonly mask: boolean
  readonly rsv1: boolean
  readonly readOnly: boolean
}

/** Exported by `ws`, not by its types. */
const { Sender } = ws as unknown as {
  readonly Sender: { frame(data: Buffer, options: SenderOptions): Buffer[] }
}
const TEXT = { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true }

t.test('a frame is what `ws` makes of the text', async (t) => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 100_000]) {
    const text = 'x'.repeat(length)
    const theirs = Buffer.concat(Sender.frame(Buffer.from(text), TEXT))
    t.ok(textFrame(text).equals(theirs), `${length} characters`)
  }
  const text = `[3,"ä€😀","${'\uD800'}"]`
  t.ok(textFrame(text).equals(Buffer.concat(Sender.frame(Buffer.from(text), TEXT))))
})
