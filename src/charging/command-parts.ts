import Type, { type Static } from 'typebox'

// What the parameters of commands are made of (command-parameters.ts). Times are ISO 8601, rates have
// one decimal.

export const UNKNOWN_FIELDS = { additionalProperties: false }
const INT32_MAX = 2_147_483_647

export function oneOf<const Values extends readonly string[]>(
  values: Values,
  description?: string,
) {
  return Type.Unsafe<Values[number]>(Type.String({ enum: [...values], ...described(description) }))
}

export const count = (description?: string) =>
  Type.Integer({ minimum: 0, maximum: INT32_MAX, ...described(description) })
export const text = (maxLength: number, description?: string) =>
  Type.String({ minLength: 1, maxLength, ...described(description) })
export const time = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 40, description: `ISO 8601: ${description}` })

function described(description: string | undefined) {
  return description === undefined ? {} : { description }
}

// Places

export const EvseId = count('0 or left out: the whole charge point. OCPP 1.6: the connector')
export const OneEvseId = Type.Integer({
  minimum: 1,
  maximum: INT32_MAX,
  description: 'OCPP 1.6: the connector',
})
export const ConnectorId = Type.Integer({
  minimum: 1,
  maximum: INT32_MAX,
  description: 'Of the EVSE. OCPP 1.6: left out, or the same number',
})

export const TransactionId = text(100, 'As /transactions shows it')
export const Version = Type.Integer({ minimum: 1, maximum: INT32_MAX })

// Tokens

const TOKEN_KINDS = [
  'Central',
  'eMAID',
  'ISO14443',
  'ISO15693',
  'KeyCode',
  'Local',
  'MacAddress',
  'NoAuthorization',
] as const

export const TOKEN = {
  tokenUid: text(36, 'OCPP 1.6: no more than 20 characters'),
  tokenKind: Type.Optional(oneOf(TOKEN_KINDS, 'OCPP 2.0.1; ISO14443 if left out')),
  tokenGroupId: Type.Optional(text(36, 'Tokens of this group may stop it, too')),
}

const TOKEN_STATUSES = [
  'Accepted',
  'Blocked',
  'Expired',
  'Invalid',
  'ConcurrentTx',
  'NoCredit',
  'NotAllowedTypeEVSE',
  'NotAtThisLocation',
  'NotAtThisTime',
  'Unknown',
] as const

export const LocalListEntry = Type.Object(
  {
    ...TOKEN,
    status: Type.Optional(
      oneOf(TOKEN_STATUSES, 'Left out: the token is taken off the list (differential only)'),
    ),
    expiresAt: Type.Optional(time('from when on it is not valid')),
  },
  UNKNOWN_FIELDS,
)
export type LocalListEntry = Static<typeof LocalListEntry>

// Charging profiles

const PURPOSES = ['station-max', 'transaction-default', 'transaction'] as const
export const Purpose = oneOf(
  PURPOSES,
  'station-max: all EVSEs together; transaction-default: each transaction; transaction: the running one',
)
export const RateUnit = oneOf(['W', 'A'])
export const Rate = Type.Number({
  minimum: 0,
  maximum: 10_000_000,
  description: 'W or A, with no more than one decimal',
})

const ChargingPeriod = Type.Object(
  {
    startSeconds: count('After the start of the schedule; the first one is 0'),
    limit: Rate,
    phases: Type.Optional(Type.Integer({ minimum: 1, maximum: 3, description: '3 if left out' })),
    phaseToUse: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3, description: 'OCPP 2.0.1, with one phase' }),
    ),
  },
  UNKNOWN_FIELDS,
)

const ChargingSchedule = Type.Object(
  {
    startsAt: Type.Optional(time('left out: as the kind of the profile says')),
    durationSeconds: Type.Optional(count('Left out: until the last period is over, or for ever')),
    unit: RateUnit,
    minRate: Type.Optional(Rate),
    periods: Type.Array(ChargingPeriod, { minItems: 1, maxItems: 1024 }),
  },
  UNKNOWN_FIELDS,
)
export type ChargingSchedule = Static<typeof ChargingSchedule>

export const ChargingProfile = Type.Object(
  {
    id: count('Replaces the one of the same id'),
    stackLevel: count('The highest valid one of a purpose counts'),
    purpose: Purpose,
    kind: oneOf(['absolute', 'recurring', 'relative'], 'relative: to the start of charging'),
    recurrence: Type.Optional(oneOf(['daily', 'weekly'])),
    validFrom: Type.Optional(time('at once if left out')),
    validTo: Type.Optional(time('until replaced if left out')),
    transactionId: Type.Optional(TransactionId),
    schedules: Type.Array(ChargingSchedule, {
      minItems: 1,
      maxItems: 3,
      description: 'OCPP 1.6: one',
    }),
  },
  UNKNOWN_FIELDS,
)
export type ChargingProfile = Static<typeof ChargingProfile>

// Variables

const VariableName = {
  component: Type.Optional(text(50, 'OCPP 2.0.1: needed; OCPP 1.6 has none')),
  componentInstance: Type.Optional(text(50, 'OCPP 2.0.1')),
  evseId: Type.Optional(OneEvseId),
  connectorId: Type.Optional(ConnectorId),
  name: text(50, 'OCPP 1.6: the configuration key'),
  instance: Type.Optional(text(50, 'OCPP 2.0.1: of the variable')),
}
const Attribute = Type.Optional(
  oneOf(['actual', 'target', 'min', 'max'], 'OCPP 2.0.1; actual if left out'),
)

export const VariableRef = Type.Object({ ...VariableName, attribute: Attribute }, UNKNOWN_FIELDS)
export type VariableRef = Static<typeof VariableRef>

export const VariableValue = Type.Object(
  {
    ...VariableName,
    attribute: Attribute,
    value: Type.String({ maxLength: 2048, description: 'OCPP 2.0.1: up to 1,000 characters' }),
  },
  UNKNOWN_FIELDS,
)

export const ReportedVariable = Type.Object(
  { ...VariableName, component: text(50), name: Type.Optional(VariableName.name) },
  UNKNOWN_FIELDS,
)

// Files and certificates

export const Location = Type.String({
  format: 'uri',
  maxLength: 512,
  description: 'URL of a protocol that the charge point speaks: https, ftp, …',
})
export const RequestId = Type.Optional(
  count('Names the job in the messages about it; a fresh one if left out'),
)
export const RETRIES = {
  retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  retryIntervalSeconds: Type.Optional(count('Between two attempts')),
}
export const LOG_RANGE = {
  location: Location,
  from: Type.Optional(time('nothing older')),
  to: Type.Optional(time('nothing later')),
  ...RETRIES,
}
export const RootUse = oneOf(['csms-root', 'manufacturer-root', 'v2g-root', 'mo-root'])
export const InstalledUse = oneOf([
  'csms-root',
  'manufacturer-root',
  'v2g-root',
  'mo-root',
  'v2g-certificate-chain',
])

export const CertificateHash = Type.Object(
  {
    hashAlgorithm: oneOf(['SHA256', 'SHA384', 'SHA512']),
    issuerNameHash: text(128, 'Hex'),
    issuerKeyHash: text(128, 'Hex'),
    serialNumber: text(40, 'Hex'),
  },
  { ...UNKNOWN_FIELDS, description: 'As get-installed-certificate-ids answers it' },
)
export type CertificateHash = Static<typeof CertificateHash>

// Networks: OCPP 2.0.1 only, whose words these are

export const Apn = Type.Object(
  {
    apn: text(512, 'Access point name'),
    user: Type.Optional(text(20)),
    password: Type.Optional(text(20)),
    simPin: Type.Optional(count()),
    preferredNetwork: Type.Optional(text(6, 'MCC and MNC')),
    usesOnlyPreferredNetwork: Type.Optional(Type.Boolean()),
    authentication: oneOf(['CHAP', 'NONE', 'PAP', 'AUTO']),
  },
  UNKNOWN_FIELDS,
)

export const Vpn = Type.Object(
  {
    server: text(512),
    user: text(20),
    group: Type.Optional(text(20)),
    password: text(20),
    key: text(255, 'Shared secret'),
    kind: oneOf(['IKEv2', 'IPSec', 'L2TP', 'PPTP']),
  },
  UNKNOWN_FIELDS,
)
