import t from 'tap'
import { readLines } from '../../src/lib/read-lines.ts'

async function collect(chunks: readonly (string | Buffer)[], bytesMax = 100) {
  const lines: (string | undefined)[] = []
  for await (const line of readLines(toChunks(chunks), bytesMax)) lines.push(line)
  return lines
}

async function* toChunks(chunks: readonly (string | Buffer)[]) {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

t.test('lines, however they are cut into chunks', async (t) => {
  const text = Buffer.from('a\n\nä😀\u2028b\u2029\r\nlast')
  const lines = ['a', '', 'ä😀\u2028b\u2029\r', 'last']
  t.strictSame(await collect([text]), lines)
  t.strictSame(await collect([...text].map((byte) => Buffer.from([byte]))), lines)
  t.strictSame(await collect([`${text}\n`]), lines)
  t.strictSame(await collect([]), [])
})

t.test('one that is too long is left out, and told of', async (t) => {
  const long = Array.from({ length: 50 }, () => 'x'.repeat(10))
  t.strictSame(await collect(['a\n', ...long, '\nb\n']), ['a', undefined, 'b'])
  t.strictSame(await collect(['a\n', ...long]), ['a', undefined])
  t.strictSame(await collect(['x'.repeat(100), '\n']), ['x'.repeat(100)])
})
