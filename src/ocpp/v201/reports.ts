import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { writeEvse } from './place.ts'
import { needed } from './unsayable.ts'

// What is reported comes afterwards, in NotifyReport messages with the same request id.

const BASE = {
  configuration: 'ConfigurationInventory',
  full: 'FullInventory',
  summary: 'SummaryInventory',
} as const
const CRITERION = {
  active: 'Active',
  available: 'Available',
  enabled: 'Enabled',
  problem: 'Problem',
} as const

/** OCPP 2.0.1 §B07 */
export const getBaseReport: OutboundAction = {
  kind: 'get-base-report',
  compose({ report, requestId }: ParametersOf<'get-base-report'>): OCPP20.GetBaseReportRequest {
    return { requestId: needed(requestId, 'requestId'), reportBase: BASE[report] }
  },
  read: readStatus,
}

/** OCPP 2.0.1 §B08 */
export const getReport: OutboundAction = {
  kind: 'get-report',
  compose({
    components,
    criteria,
    requestId,
  }: ParametersOf<'get-report'>): OCPP20.GetReportRequest {
    return compact({
      requestId: needed(requestId, 'requestId'),
      componentCriteria: criteria?.map((criterion) => CRITERION[criterion]),
      componentVariable: components?.map(writeComponent),
    })
  },
  read: readStatus,
}

type Reported = NonNullable<ParametersOf<'get-report'>['components']>[number]

function writeComponent(reported: Reported) {
  const { component, componentInstance, evseId, connectorId, name, instance } = reported
  return compact({
    component: compact({
      name: component,
      instance: componentInstance,
      evse: writeEvse(evseId, connectorId),
    }),
    variable: name === undefined ? undefined : compact({ name, instance }),
  })
}
