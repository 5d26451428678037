import { hash } from 'node:crypto'

// UUID version 5 (RFC 9562 §5.5): the same event has the same id each time that it is published, so that
// whoever reads the stream can leave out what comes again.

/** Of Fleetgrid's events; any change of it changes the id of every event. */
const NAMESPACE = Buffer.from('b6f0a8c27d3e4f5c9a1e2d4c6b8f0a13', 'hex').toString('latin1')

/** @param index of the event in its list, from 0 */
export function eventId(submissionId: string, type: string, index: number): string {
  // One byte a character: ids and types have no others, and this spares the copy.
  const name = `${NAMESPACE}${submissionId.toLowerCase()}/${type}/${index}`
  const digest = hash('sha1', Buffer.from(name, 'latin1'), 'hex')
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`
}
