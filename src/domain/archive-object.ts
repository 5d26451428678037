// Names of objects that hold raw records, as Amazon Data Firehose gives them: a prefix, the hour (UTC) of
// the oldest record, and a name that has its second.
// https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html

const NAME_TIME = /-1-(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)-[^/]*$/

export interface ArchiveObject {
  /** With its slash. */
  readonly prefix: string
  /** Who has made it. */
  readonly source: string
  /** Of its oldest record: epoch milliseconds. */
  readonly at: number
  /** Tells it from others of this second; the same each time that it is written. */
  readonly id: string
  readonly extension: string
}

export function archiveObjectKey({ prefix, source, at, id, extension }: ArchiveObject): string {
  const second = new Date(at).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')
  return `${hourPrefix(prefix, at)}${source}-1-${second}-${id}${extension}`
}

/** `prefix/yyyy/MM/dd/HH/` */
export function hourPrefix(prefix: string, at: number): string {
  return `${prefix}${new Date(at).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}/`
}

/** Of its oldest record, to the second; undefined: it has a name of somebody else's. */
export function timeOfArchiveObject(key: string): number | undefined {
  const [, day, hour, minute, second] = NAME_TIME.exec(key) ?? []
  const at = Date.parse(`${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(at) ? undefined : at
}
