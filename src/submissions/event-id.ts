import { createUuidV5 } from '../lib/uuid-v5.ts'

/** Of Fleetgrid's events; any change of it changes the id of every event. */
const uuidOf = createUuidV5('b6f0a8c2-7d3e-4f5c-9a1e-2d4c6b8f0a13')

/**
 * The same event has the same id each time that it is published, so that whoever reads the stream can
 * leave out what comes again.
 * @param index of the event in its list, from 0
 */
export function eventId(submissionId: string, type: string, index: number): string {
  return uuidOf(`${submissionId.toLowerCase()}/${type}/${index}`)
}
