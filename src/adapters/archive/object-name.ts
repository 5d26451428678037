/**
 * As Amazon Data Firehose names its objects: prefix, the hour (UTC) of the oldest record, and a name that
 * has its second. The same segment has the same name each time that it is delivered.
 * https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
 */
export function objectName(prefix: string, at: number, id: string, extension: string): string {
  const iso = new Date(at).toISOString()
  const second = iso.slice(0, 19).replaceAll(/[T:]/g, '-')
  return `${hourPrefix(prefix, at)}fleetgrid-1-${second}-${id}${extension}`
}

/** `prefix/yyyy/MM/dd/HH/` */
export function hourPrefix(prefix: string, at: number): string {
  return `${prefix}${new Date(at).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')}/`
}
