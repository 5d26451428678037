import type { OCPP20 } from 'typed-ocpp'
import { readVariable201, type ToldVariable } from '../../charging/holdings/told-variables.ts'
import type { JsonObject } from '../../domain/json.ts'
import { compact } from '../../lib/compact.ts'

type Report = OCPP20.NotifyReportRequest['reportData']

/** OCPP 2.0.1 ReportDataType: a variable with several attributes is one of ours for each of them. */
export function readReport(reportData: Report = []): ToldVariable[] {
  return reportData.flatMap(
    ({ component, variable, variableAttribute, variableCharacteristics }) => {
      const { dataType, unit, minLimit, maxLimit, valuesList } = variableCharacteristics ?? {}
      const about = { dataType, unit, min: minLimit, max: maxLimit, values: valuesList }
      return variableAttribute.map(({ type, value, mutability }) => ({
        ref: readVariable201(asJson(component), asJson(variable), type),
        facts: compact({ value, isReadOnly: mutability && mutability === 'ReadOnly', ...about }),
      }))
    },
  )
}

/** It has come as JSON; its type lacks an index signature. */
function asJson(value: object): JsonObject {
  return value as JsonObject
}
