import type { Test } from 'tap'
import type { Archive } from '../../src/ports/archive.ts'

export interface ArchiveUnderTest {
  readonly archive: Archive
  /** Names of the objects, and what is in all of them, decompressed, in the order of the names. */
  read(): Promise<{ readonly keys: readonly string[]; readonly text: string }>
}

const AT = Date.parse('2024-07-13T10:25:23.841Z')

export function records(from: number, count: number, at = AT) {
  return Array.from({ length: count }, (_, n) => ({
    data: Buffer.from(`{"n":${from + n},"text":"ä😀"}\n`),
    arrivedAt: at,
  }))
}

/** What holds for the archive, whatever is behind it. */
export async function archiveContract(
  t: Test,
  setUp: (t: Test) => Promise<ArchiveUnderTest>,
): Promise<void> {
  await t.test('what was appended is in objects, each line as it was', async (t) => {
    const { archive, read } = await setUp(t)
    await archive.open()
    t.match(await archive.append([]), { accepted: 0, retry: [] })
    t.match(await archive.append(records(0, 100)), { accepted: 100, rejected: [], retry: [] })
    t.match(await archive.append(records(100, 5)), { accepted: 5 })
    await archive.flush()
    const { text } = await read()
    // Objects of one second have no order among each other.
    const lines = (all: string) => all.split('\n').sort()
    t.same(
      lines(text),
      lines(
        records(0, 105)
          .map(({ data }) => data.toString())
          .join(''),
      ),
    )
    t.same(archive.problems(), [])
  })

  await t.test('more at once than one call of the service takes', async (t) => {
    const { archive, read } = await setUp(t)
    await archive.open()
    const large = Array.from({ length: 12 }, () => ({
      data: Buffer.from(`${'x'.repeat(900_000)}\n`),
      arrivedAt: AT,
    }))
    t.match(await archive.append([...records(0, 1200), ...large]), { accepted: 1212, retry: [] })
    await archive.flush()
    t.equal((await read()).text.split('\n').length, 1213)
  })
}
