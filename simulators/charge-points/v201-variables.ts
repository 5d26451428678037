import type { Setting, ValueType } from './settings.ts'
import type { Station } from './station.ts'
import type * as Told from './v201-messages.ts'

/** The device model: the settings, and what a station has and how it is, component by component. */

type ReportData = NonNullable<Told.NotifyReportRequest['reportData']>[number]
type Component = ReportData['component']
type VariableName = ReportData['variable']
type DataType = NonNullable<ReportData['variableCharacteristics']>['dataType']

export interface Variable {
  readonly component: Component
  readonly variable: VariableName
  readonly value: string
  readonly type: ValueType | 'decimal'
  readonly unit?: string | undefined
  /** Without it, it can only be read. */
  readonly setting?: Setting | undefined
}

const DATA_TYPES: Readonly<Record<Variable['type'], DataType>> = {
  integer: 'integer',
  decimal: 'decimal',
  boolean: 'boolean',
  string: 'string',
  list: 'MemberList',
}
/** `Component.Variable[instance]` */
const SETTING_NAME = /^([^.]+)\.([^[]+)(?:\[(.+)\])?$/

export function listVariables(station: Station): Variable[] {
  const settings = [...station.settings.list()].map((setting) => describeSetting(station, setting))
  return [...describeStation(station), ...settings]
}

/** Names don't depend on upper and lower case; part 2 §2.8. */
export function findVariable(
  station: Station,
  component: Component,
  variable: VariableName,
): Variable | 'UnknownComponent' | 'UnknownVariable' {
  const ofComponent = listVariables(station).filter((other) => isSame(other.component, component))
  if (ofComponent.length === 0) return 'UnknownComponent'
  const found = ofComponent.find(
    (other) =>
      equalNames(other.variable.name, variable.name) &&
      equalNames(other.variable.instance, variable.instance),
  )
  return found ?? 'UnknownVariable'
}

export function renderVariable({
  component,
  variable,
  value,
  type,
  unit,
  setting,
}: Variable): ReportData {
  const { lowest, highest, members, access = 'read' } = setting ?? {}
  const isNumber = type === 'integer'
  return {
    component,
    variable,
    variableAttribute: [
      {
        type: 'Actual',
        ...(access === 'write' ? {} : { value }),
        mutability: access === 'both' ? 'ReadWrite' : access === 'write' ? 'WriteOnly' : 'ReadOnly',
        persistent: setting !== undefined,
        constant: false,
      },
    ],
    variableCharacteristics: {
      dataType: DATA_TYPES[type],
      supportsMonitoring: false,
      ...(unit === undefined ? {} : { unit }),
      ...(isNumber && lowest !== undefined ? { minLimit: lowest } : {}),
      ...(highest !== undefined ? { maxLimit: highest } : {}),
      ...(members === undefined ? {} : { valuesList: members.join(',') }),
    },
  }
}

export function isSame(one: Component, other: Component): boolean {
  return (
    equalNames(one.name, other.name) &&
    equalNames(one.instance, other.instance) &&
    one.evse?.id === other.evse?.id &&
    one.evse?.connectorId === other.evse?.connectorId
  )
}

function describeSetting(station: Station, setting: Setting): Variable {
  const [, component = '', variable = '', instance] = SETTING_NAME.exec(setting.name) ?? []
  return {
    component: { name: component },
    variable: instance === undefined ? { name: variable } : { name: variable, instance },
    value: station.settings.valueOf(setting),
    type: setting.type,
    unit: setting.unit,
    setting,
  }
}

function describeStation(station: Station): Variable[] {
  const { identity, evses, firmwareVersion, localList } = station
  const own = { name: 'ChargingStation' }
  const supplyPhases = String(identity.isDc ? 3 : identity.phases)
  const variables: Variable[] = [
    describe(own, 'AvailabilityState', station.state, 'string'),
    describe(own, 'Available', 'true', 'boolean'),
    describe(own, 'Model', identity.model, 'string'),
    describe(own, 'VendorName', identity.vendor, 'string'),
    describe(own, 'SerialNumber', identity.serialNumber, 'string'),
    describe(own, 'FirmwareVersion', firmwareVersion, 'string'),
    describe(own, 'SupplyPhases', supplyPhases, 'integer'),
    describe({ name: 'LocalAuthListCtrlr' }, 'Entries', String(localList.size), 'integer'),
    describe(
      { name: 'ClockCtrlr' },
      'DateTime',
      new Date(station.scheduler.now()).toISOString(),
      'string',
    ),
  ]
  for (const evse of evses) {
    const state = station.wire.nameOf(evse.state)
    const place = { name: 'EVSE', evse: { id: evse.id } }
    const connector = { name: 'Connector', evse: { id: evse.id, connectorId: 1 } }
    variables.push(
      describe(place, 'AvailabilityState', state, 'string'),
      describe(place, 'Available', String(evse.isOperative), 'boolean'),
      { ...describe(place, 'Power', String(Math.round(evse.powerW)), 'decimal'), unit: 'W' },
      describe(place, 'SupplyPhases', supplyPhases, 'integer'),
      describe(connector, 'AvailabilityState', state, 'string'),
      describe(connector, 'Available', String(evse.isOperative), 'boolean'),
      describe(connector, 'ConnectorType', identity.isDc ? 'cCCS2' : 'sType2', 'string'),
      describe(connector, 'Problem', String(evse.errorCode !== undefined), 'boolean'),
    )
  }
  return variables
}

function describe(
  component: Component,
  name: string,
  value: string,
  type: Variable['type'],
): Variable {
  return { component, variable: { name }, value, type }
}

function equalNames(one: string | undefined, other: string | undefined): boolean {
  return one?.toLowerCase() === other?.toLowerCase()
}
