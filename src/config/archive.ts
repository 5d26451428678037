import { join } from 'node:path'
import type { ArchiveConfig, CsvConfig } from './adapters.ts'
import { createAwsConfig } from './engines.ts'
import type { Env } from './env.ts'

const MB = 1_000_000
const REQUEST_TIMEOUT_MS = 10_000

/** undefined: nothing is archived. */
export function createArchiveConfig(env: Env, dataDir: string): ArchiveConfig | undefined {
  switch (env.ARCHIVE) {
    case 'off':
      return undefined
    case 'firehose':
      return {
        adapter: 'firehose',
        aws: createAwsConfig(env),
        streamName: env.ARCHIVE_FIREHOSE_NAME ?? '',
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
      }
    case 'embedded':
      return {
        adapter: 'embedded',
        folder: join(dataDir, 'archive'),
        prefix: env.ARCHIVE_PREFIX,
        extension: '.ndjson.gz',
        csv: createCsvConfig(env, env.ARCHIVE_CSV_COLUMNS),
        bufferBytes: env.ARCHIVE_BUFFER_MB * MB,
        bufferMs: env.ARCHIVE_BUFFER_S * 1000,
        sizeMaxBytes: env.ARCHIVE_SIZE_MAX_MB * MB,
      }
  }
}

/** undefined: no CSV. */
export function createCsvConfig(
  env: Env,
  columns: readonly string[] | undefined,
): CsvConfig | undefined {
  const { ARCHIVE_CSV_PREFIX: prefix, ARCHIVE_ERROR_PREFIX: errorPrefix } = env
  return columns && { columns, prefix, errorPrefix }
}

/** A replay reads every object below ARCHIVE_PREFIX and an hour: raw ones only may be there. */
export function findArchiveProblems(env: Env): string[] {
  if (env.ARCHIVE_CSV_PREFIX !== env.ARCHIVE_PREFIX) return []
  return ['ARCHIVE_CSV_PREFIX must not be ARCHIVE_PREFIX: CSV can’t be replayed']
}
