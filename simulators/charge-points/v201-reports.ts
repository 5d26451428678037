import { type Reply, reply } from './commands.ts'
import type { Station } from './station.ts'
import type * as Told from './v201-messages.ts'
import type * as Asked from './v201-requests.ts'
import {
  findVariable,
  isSame,
  listVariables,
  renderVariable,
  type Variable,
} from './v201-variables.ts'
import type { Wire201 } from './v201-wire.ts'

/** Variables one by one and all together (block B), and what is known of a customer (block N). */

type SetResult = Asked.SetVariablesResponse['setVariableResult'][number]
type SetData = Asked.SetVariablesRequest['setVariableData'][number]
type GetResult = Asked.GetVariablesResponse['getVariableResult'][number]
type GetData = Asked.GetVariablesRequest['getVariableData'][number]
type ReportBase = Asked.GetBaseReportRequest['reportBase']

/** Of one NotifyReport. */
const PART_LENGTH = 25

export function createReportCommands(station: Station, wire: Wire201) {
  return {
    GetVariables: ({
      getVariableData,
    }: Asked.GetVariablesRequest): Reply<Asked.GetVariablesResponse> =>
      reply({ getVariableResult: getVariableData.map((data) => getVariable(station, data)) }),
    SetVariables({
      setVariableData,
    }: Asked.SetVariablesRequest): Reply<Asked.SetVariablesResponse> {
      const setVariableResult = setVariableData.map((data) => setVariable(station, data))
      const hasSet = (role: string) =>
        setVariableResult.some(({ attributeStatus, component, variable }) => {
          const found = findVariable(station, component, variable)
          const isRole = typeof found === 'object' && found.setting?.role === role
          return attributeStatus === 'Accepted' && isRole
        })
      return reply({ setVariableResult }, () => {
        station.planByClock()
        // A01.FR.06: back with the new password.
        if (hasSet('password')) station.reconnect()
      })
    },
    GetBaseReport({
      requestId,
      reportBase,
    }: Asked.GetBaseReportRequest): Reply<Asked.GetBaseReportResponse> {
      const variables = selectBase(listVariables(station), reportBase)
      return reply({ status: 'Accepted' }, () => sendReport(wire, requestId, variables))
    },
    GetReport(request: Asked.GetReportRequest): Reply<Asked.GetReportResponse> {
      const variables = listVariables(station).filter((variable) => isWanted(variable, request))
      if (variables.length === 0) return reply({ status: 'EmptyResultSet' })
      return reply({ status: 'Accepted' }, () => sendReport(wire, request.requestId, variables))
    },
    CustomerInformation(
      request: Asked.CustomerInformationRequest,
    ): Reply<Asked.CustomerInformationResponse> {
      const { requestId, idToken, customerIdentifier, customerCertificate } = request
      const who = idToken?.idToken ?? customerIdentifier ?? customerCertificate?.serialNumber
      if (who === undefined) return reply({ status: 'Invalid' })
      const known =
        station.localList.statusOf(who) ?? (station.localList.knows(who) ? 'seen' : undefined)
      return reply({ status: 'Accepted' }, () => {
        if (request.clear) station.localList.forgetAll()
        const notice: Told.NotifyCustomerInformationRequest = {
          requestId,
          seqNo: 0,
          tbc: false,
          generatedAt: wire.stamp(),
          data: request.report && known !== undefined ? `token: ${known}` : '',
        }
        wire.tell('NotifyCustomerInformation', notice)
      })
    },
  }
}

function getVariable(station: Station, data: GetData): GetResult {
  const { component, variable, attributeType = 'Actual' } = data
  const result = (attributeStatus: GetResult['attributeStatus'], attributeValue?: string) => ({
    attributeStatus,
    component,
    variable,
    ...(data.attributeType === undefined ? {} : { attributeType }),
    ...(attributeValue === undefined ? {} : { attributeValue }),
  })
  const found = findVariable(station, component, variable)
  if (typeof found === 'string') return result(found)
  if (attributeType !== 'Actual') return result('NotSupportedAttributeType')
  if (found.setting?.access === 'write') return result('Rejected')
  return result('Accepted', found.value)
}

function setVariable(station: Station, data: SetData): SetResult {
  const { component, variable, attributeType = 'Actual', attributeValue } = data
  const result = (attributeStatus: SetResult['attributeStatus']) => ({
    attributeStatus,
    component,
    variable,
    ...(data.attributeType === undefined ? {} : { attributeType }),
  })
  const found = findVariable(station, component, variable)
  if (typeof found === 'string') return result(found)
  if (attributeType !== 'Actual') return result('NotSupportedAttributeType')
  if (found.setting === undefined) return result('Rejected')
  const outcome = station.settings.change(found.setting.name, attributeValue)
  return result(outcome === 'NotSupported' ? 'Rejected' : outcome)
}

/** B07: everything; what can be set; what an operator looks at first. */
function selectBase(variables: readonly Variable[], base: ReportBase): readonly Variable[] {
  if (base === 'FullInventory') return variables
  if (base === 'ConfigurationInventory') {
    return variables.filter(({ setting }) => setting !== undefined && setting.access !== 'read')
  }
  const summary = ['AvailabilityState', 'Problem']
  return variables.filter(({ variable }) => summary.includes(variable.name))
}

function isWanted(variable: Variable, request: Asked.GetReportRequest): boolean {
  const { componentVariable, componentCriteria } = request
  // All of it is active, available and enabled; what has a problem says so.
  const isProblem = variable.variable.name === 'Problem' && variable.value === 'true'
  if (componentCriteria?.every((criterion) => criterion === 'Problem') && !isProblem) return false
  if (componentVariable === undefined) return true
  return componentVariable.some(
    (wanted) =>
      isSame(variable.component, wanted.component) &&
      (wanted.variable === undefined ||
        wanted.variable.name.toLowerCase() === variable.variable.name.toLowerCase()),
  )
}

function sendReport(wire: Wire201, requestId: number, variables: readonly Variable[]): void {
  const generatedAt = wire.stamp()
  for (let from = 0, seqNo = 0; from < variables.length; from += PART_LENGTH, seqNo++) {
    const request: Told.NotifyReportRequest = {
      requestId,
      generatedAt,
      seqNo,
      tbc: from + PART_LENGTH < variables.length,
      reportData: variables.slice(from, from + PART_LENGTH).map(renderVariable),
    }
    wire.tell('NotifyReport', request)
  }
}
