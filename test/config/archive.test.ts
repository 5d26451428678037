import t from 'tap'
import { createConfig } from '../../src/config/config.ts'
import { ConfigurationError, readEnv } from '../../src/config/env.ts'

function problems(env: Record<string, string>): readonly string[] {
  try {
    createConfig(readEnv(env))
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}

t.test('columns of a CSV', async (t) => {
  const { archive, pipelines } = createConfig(
    readEnv({
      ARCHIVE: 'embedded',
      ARCHIVE_CSV_COLUMNS: ' topic, a.b ',
      FIREHOSE_CSV_COLUMNS: 'a',
    }),
  )
  const places = { prefix: 'archive-csv/', errorPrefix: 'archive-errors/' }
  t.match(archive, { csv: { columns: ['topic', 'a.b'], ...places } })
  t.strictSame(pipelines.firehose.csv, { columns: ['a'], ...places })
  t.match(createConfig(readEnv({ ARCHIVE: 'embedded' })).archive, { csv: undefined })
  for (const columns of ['a,a', 'a,,b', 'rest', ',']) {
    t.match(problems({ ARCHIVE_CSV_COLUMNS: columns }), [/must be different names/], columns)
  }
})

t.test('CSV and raw objects have places of their own', async (t) => {
  t.match(problems({ ARCHIVE_CSV_PREFIX: 'archive/' }), [/must not be ARCHIVE_PREFIX/])
  t.match(problems({ ARCHIVE_ERROR_PREFIX: 'errors' }), [/must end with \//])
})
