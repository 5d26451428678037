import { integer, oneOf, optionalText, text, type Variable } from '../variable.ts'

/** Not set means undefined. */
function optionalColumns(
  options: Pick<Variable<unknown>, 'description' | 'engine'>,
): Variable<readonly string[] | undefined> {
  const parse = (value: string): readonly string[] => {
    const names = value.split(',').map((name) => name.trim())
    const isNamed = names.every((name) => name !== '' && name !== 'rest')
    if (isNamed && new Set(names).size === names.length) return names
    throw new Error('must be different names, such as topic,message; `rest` is the last one anyway')
  }
  return { type: 'list', default: undefined, unit: '', ...options, parse }
}

/** What is kept raw. */
export const archiveVariables = {
  ARCHIVE: oneOf(['off', 'embedded', 'firehose'], {
    default: 'off',
    description:
      'Whether every message of the telemetry feeds is also kept as it came, as NDJSON with its topic: in objects of OBJECT_STORE that this process writes, or through Amazon Data Firehose. Messages are acknowledged when the archive has them, too.',
  }),
  ARCHIVE_PREFIX: text({
    engine: 'ARCHIVE=embedded',
    default: 'archive/',
    pattern: [/^([\w.-]+\/)+$/, 'must end with /, such as archive/'],
    description: 'Before yyyy/MM/dd/HH/ (UTC, of the oldest record) in the name of each object.',
  }),
  ARCHIVE_BUFFER_MB: integer({
    engine: 'ARCHIVE=embedded',
    default: 5,
    min: 1,
    max: 128,
    unit: 'MB',
    description:
      'An object holds about so much, before compression, or less if ARCHIVE_BUFFER_S is over.',
  }),
  ARCHIVE_BUFFER_S: integer({
    engine: 'ARCHIVE=embedded',
    default: 300,
    min: 1,
    max: 3600,
    unit: 's',
    description:
      'For so long records are gathered, in DATA_DIR/archive, where they are safe from a crash but not from the loss of the disk: on Fargate mount a volume there, or use ARCHIVE=firehose.',
  }),
  ARCHIVE_SIZE_MAX_MB: integer({
    engine: 'ARCHIVE=embedded',
    default: 1000,
    min: 10,
    max: 1_000_000,
    unit: 'MB',
    description:
      'Of what waits for the object store. Beyond it messages are not taken until it takes some.',
  }),
  ARCHIVE_CSV_COLUMNS: optionalColumns({
    engine: 'ARCHIVE=embedded',
    description:
      'Columns, such as topic,message,position.lat, of an object of CSV (`;`, one header) that is written beside each raw one; what has no column is JSON in a last one, `rest`. Cells are as they came, but numbers are written anew (1.50 is 1.5); they are for machines: a spreadsheet may take one for a formula. Not set: no CSV.',
  }),
  ARCHIVE_CSV_PREFIX: text({
    default: 'archive-csv/',
    pattern: [/^([\w.-]+\/)+$/, 'must end with /, such as archive-csv/'],
    description: 'Before yyyy/MM/dd/HH/ in the names of objects of CSV.',
  }),
  ARCHIVE_ERROR_PREFIX: text({
    default: 'archive-errors/',
    pattern: [/^([\w.-]+\/)+$/, 'must end with /, such as archive-errors/'],
    description:
      'Before processing-failed/yyyy/MM/dd/HH/ in the names of objects that hold, as Firehose writes them, the records that can’t be rows of a CSV. They are in the raw objects, too.',
  }),
  FIREHOSE_ACCESS_KEY: optionalText({
    secret: true,
    description:
      'Access key of the delivery streams that deliver to POST /firehose/delivery, 16 to 4096 characters; not set: there is no such route. The load balancer must let bodies of 64 MiB through.',
  }),
  FIREHOSE_PREFIX: text({
    default: 'firehose/',
    pattern: [/^([\w.-]+\/)+$/, 'must end with /, such as firehose/'],
    description: 'Before yyyy/MM/dd/HH/ in the names of the objects that they become.',
  }),
  FIREHOSE_CSV_COLUMNS: optionalColumns({
    description:
      'As ARCHIVE_CSV_COLUMNS, for what is delivered to POST /firehose/delivery: an object of CSV with one header beside each raw one.',
  }),
  ARCHIVE_FIREHOSE_NAME: optionalText({
    engine: 'ARCHIVE=firehose',
    required: true,
    description: 'Name of the delivery stream; it must exist.',
  }),
} as const
