import type { Json, JsonObject } from '../domain/json.ts'
import { recordOf } from './records.ts'
import type { ChargingServices, VendorMessage } from './services.ts'
import type { ServicesOptions } from './services-options.ts'

type Options = Pick<ServicesOptions, 'records' | 'clock' | 'vendorIds' | 'onEvent'>

/** Nobody here understands them: they are kept for whoever does. */
export function createVendorMessages(options: Options): ChargingServices['vendorMessages'] {
  const { records, clock, vendorIds, onEvent } = options
  return {
    async receive(session, message) {
      const document = documentOf(message)
      await records.add(recordOf(session.id, 'data-transfer', document, clock.now()))
      const status = vendorIds.has(message.vendorId) ? 'Accepted' : 'UnknownVendorId'
      onEvent({ kind: 'vendor-message', outcome: status, chargePointId: session.id })
      return { status }
    },
  }
}

function documentOf({ vendorId, messageId, data }: VendorMessage): JsonObject {
  return {
    vendorId,
    ...(messageId === undefined ? {} : { messageId }),
    ...(data === undefined ? {} : { data: data as Json }),
  }
}
