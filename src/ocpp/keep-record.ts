import type { JsonObject } from '../domain/json.ts'
import type { ChargingRecordKind } from '../ports/charging-records.ts'
import type { InboundAction, InboundCall } from './action.ts'

/**
 * What a charge point tells and we keep as it came, to be read by people; the answer is empty.
 * @param timeOf epoch milliseconds at which it was so; left out: when it has come
 */
export function keepRecord<Request = object>(
  kind: ChargingRecordKind,
  timeOf?: (request: Request) => number,
): InboundAction {
  return {
    async handle({ session, request, services }: InboundCall<Request & JsonObject>) {
      await services.records.add(session, kind, request, timeOf?.(request))
      return {}
    },
  }
}
