import type { OCPP20 } from 'typed-ocpp'
import { publicError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { InboundAction, InboundCall } from '../action.ts'
import { readTime } from '../time.ts'
import { readReport } from './reported-variables.ts'

/**
 * OCPP 2.0.1 §B07: one of the numbered parts of a report, which is kept as it came. What it says of a
 * variable is the newest that is known of it.
 */
export const notifyReport: InboundAction = {
  // §B02.FR.02: one that is not accepted yet may be asked for a report, and sends it then.
  beforeAcceptance: true,
  async handle({
    session,
    request,
    services: { records, variables },
  }: InboundCall<OCPP20.NotifyReportRequest & JsonObject>): Promise<OCPP20.NotifyReportResponse> {
    if (session.registration === 'rejected') {
      throw publicError('forbidden', 'Not accepted: only a boot notification is answered')
    }
    await Promise.all([
      records.add(session, 'device-report', request, readTime(request.generatedAt)),
      variables.report(session, readReport(request.reportData)),
    ])
    return {}
  },
}
