import { FleetgridError } from '../../domain/errors.ts'
import { SIGNAL_SIZE_MAX_BYTES } from '../../ports/signals.ts'

/** @throws FleetgridError `invalid` if it is too large, or holds what a text column can't */
export function checkSignal(channel: string, payload: string): void {
  const size = Buffer.byteLength(payload)
  if (size > SIGNAL_SIZE_MAX_BYTES) {
    const message = `A signal on ${channel} has ${size} bytes; ${SIGNAL_SIZE_MAX_BYTES} are allowed.`
    throw new FleetgridError('invalid', message)
  }
  if (payload.includes('\0') || !payload.isWellFormed()) {
    throw new FleetgridError('invalid', `A signal on ${channel} is no text that can be stored.`)
  }
}
