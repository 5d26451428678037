import Type from 'typebox'
import { type ConnectorState, LENIENCIES, type Registration } from '../../domain/charge-point.ts'
import type { CommandState, CommandWebhook } from '../../domain/charging-command.ts'
import type { TransactionState } from '../../domain/charging-transaction.ts'
import type { ChargingRecordKind } from '../../ports/charging-records.ts'

const Time = Type.String({ format: 'date-time' })
const texts = <T extends string>(...values: T[]) => Type.Unsafe<T>(Type.String({ enum: values }))

export const PAGE_MAX = 500

export const Limit = Type.Integer({
  minimum: 1,
  maximum: PAGE_MAX,
  default: 50,
  description: 'Items of a page',
})
export const After = Type.String({ maxLength: 500, description: 'The `next` of the page before' })
export const Next = Type.Union([Type.String(), Type.Null()], {
  description: 'Opaque: hand it back as `after`; null on the last page',
})

export const ChargePointParameter = Type.Object({
  chargePointId: Type.String({
    minLength: 1,
    maxLength: 48,
    pattern: '^[^:]+$',
    description: 'Encoded; it has no colon and no control character, and is not `.` or `..`',
  }),
})

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description:
        'Any text that is used for nothing else, such as a UUID. Whoever got no answer asks again with the same one, and gets the same command instead of another; for as long as commands are kept. 409: something else was asked for with it',
    }),
  ),
})

const securityProfile = Type.Unsafe<0 | 1 | 2 | 3>(
  Type.Integer({
    minimum: 0,
    maximum: 3,
    description: '0 no password, 1 HTTP Basic, 2 with TLS, 3 mutual TLS',
  }),
)

const registration = texts<Registration>('accepted', 'pending', 'rejected')

export const ConnectorItem = Type.Object(
  {
    evseId: Type.Integer(),
    connectorId: Type.Integer({ description: '0: the charge point as a whole' }),
    state: texts<ConnectorState>(
      'Available',
      'Preparing',
      'Charging',
      'SuspendedEV',
      'SuspendedEVSE',
      'Finishing',
      'Occupied',
      'Reserved',
      'Unavailable',
      'Faulted',
    ),
    at: Time,
    errorCode: Type.Optional(Type.String()),
    info: Type.Optional(Type.String()),
    vendorId: Type.Optional(Type.String()),
    vendorErrorCode: Type.Optional(Type.String()),
  },
  { $id: 'Connector', title: 'Connector' },
)

export const ChargePointItem = Type.Object(
  {
    id: Type.String(),
    registration,
    securityProfileMin: securityProfile,
    hasKey: Type.Boolean({ description: 'A password is set; it can’t be read' }),
    leniency: Type.Array(Type.String()),
    note: Type.Optional(Type.String()),
    isConnected: Type.Boolean(),
    connectedAt: Type.Optional(Time),
    protocol: Type.Optional(texts('1.6', '2.0.1')),
    lastSeenAt: Type.Optional(Time),
    bootedAt: Type.Optional(Time),
    vendor: Type.Optional(Type.String()),
    model: Type.Optional(Type.String()),
    serialNumber: Type.Optional(Type.String()),
    firmwareVersion: Type.Optional(Type.String()),
    createdAt: Time,
  },
  { $id: 'ChargePoint', title: 'ChargePoint' },
)

export const ChargePointChange = Type.Object(
  {
    registration: Type.Optional(registration),
    securityProfileMin: Type.Optional(
      Type.Unsafe<0 | 1 | 2>(
        Type.Integer({
          minimum: 0,
          maximum: 2,
          description: '0 no password, 1 HTTP Basic, 2 with TLS. 3, mutual TLS, is not here yet',
        }),
      ),
    ),
    leniency: Type.Optional(
      Type.Array(texts(...LENIENCIES), {
        maxItems: LENIENCIES.length,
        description: 'What this one does wrong and may: it is counted, and listed as deviations',
      }),
    ),
    note: Type.Optional(Type.String({ maxLength: 500 })),
    key: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 40 }), Type.Null()], {
        description:
          'The password of HTTP Basic: 16 to 40 characters; or 32 to 40 hex digits, the bytes of AuthorizationKey (OCPP 1.6). null removes it. Only its keyed hash is stored.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const RecordItem = Type.Object({
  kind: Type.String(),
  at: Time,
  document: Type.Record(Type.String(), Type.Unknown()),
})
export const RECORD_KINDS: readonly ChargingRecordKind[] = [
  'security-event',
  'firmware-status',
  'diagnostics-status',
  'log-status',
  'device-report',
  'device-event',
  'customer-information',
  'data-transfer',
  'certificate-request',
  'orphan',
]

export const TransactionItem = Type.Object(
  {
    id: Type.String(),
    chargePointId: Type.String(),
    evseId: Type.Integer(),
    connectorId: Type.Integer(),
    number: Type.Optional(Type.Integer({ description: 'transactionId of OCPP 1.6' })),
    ownId: Type.Optional(Type.String({ description: 'transactionId of OCPP 2.0.1' })),
    idToken: Type.Optional(Type.String()),
    state: texts<TransactionState>('running', 'lost', 'closed', 'stopped'),
    startedAt: Time,
    stoppedAt: Type.Optional(Time),
    meterStartWh: Type.Optional(Type.Number()),
    meterWh: Type.Optional(Type.Number({ description: 'The newest reading' })),
    meterStopWh: Type.Optional(Type.Number()),
    energyWh: Type.Optional(Type.Number({ description: 'Of the transaction, as far as known' })),
    stopReason: Type.Optional(Type.String()),
    closedAt: Type.Optional(Time),
    closeReason: Type.Optional(Type.String()),
    chargingState: Type.Optional(Type.String()),
    wasOffline: Type.Boolean(),
  },
  { $id: 'ChargingTransaction', title: 'ChargingTransaction' },
)

export const ReadingItem = Type.Object({
  at: Time,
  samples: Type.Array(
    Type.Object({
      value: Type.Union([Type.Number(), Type.String()]),
      measurand: Type.Optional(Type.String()),
      unit: Type.Optional(Type.String()),
      context: Type.Optional(Type.String()),
      phase: Type.Optional(Type.String()),
      location: Type.Optional(Type.String()),
      format: Type.Optional(Type.String()),
      signed: Type.Optional(Type.Unknown()),
    }),
  ),
})

export const IdTokenItem = Type.Object(
  {
    uid: Type.String(),
    kind: Type.Optional(Type.String()),
    isBlocked: Type.Boolean(),
    expiresAt: Type.Optional(Time),
    groupId: Type.Optional(Type.String()),
    concurrentMax: Type.Integer(),
    note: Type.Optional(Type.String()),
  },
  { $id: 'IdToken', title: 'IdToken' },
)

export const IdTokenChange = Type.Object(
  {
    kind: Type.Optional(
      texts(
        'Central',
        'eMAID',
        'ISO14443',
        'ISO15693',
        'KeyCode',
        'Local',
        'MacAddress',
        'NoAuthorization',
      ),
    ),
    isBlocked: Type.Optional(Type.Boolean()),
    expiresAt: Type.Optional(Time),
    groupId: Type.Optional(Type.String({ minLength: 1, maxLength: 36 })),
    concurrentMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
)

export const COMMAND_STATES: readonly CommandState[] = [
  'queued',
  'sent',
  'accepted',
  'rejected',
  'failed',
  'expired',
  'superseded',
  'cancelled',
  'unknown',
]

export const CommandItem = Type.Object(
  {
    id: Type.String(),
    chargePointId: Type.String(),
    kind: Type.String(),
    parameters: Type.Record(Type.String(), Type.Unknown()),
    state: texts<CommandState>(...COMMAND_STATES),
    createdAt: Time,
    expiresAt: Time,
    sentAt: Type.Optional(Time),
    endedAt: Type.Optional(Time),
    answer: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Of the charge point, in the words of its protocol',
      }),
    ),
    reason: Type.Optional(
      Type.String({ description: 'Why there is no answer; while it is queued: of the last time' }),
    ),
    webhook: Type.Optional(
      Type.Object({
        url: Type.String(),
        state: texts<CommandWebhook['state']>('waiting', 'delivered', 'failed'),
        attempts: Type.Integer(),
        lastError: Type.Optional(Type.String()),
      }),
    ),
  },
  { $id: 'ChargingCommand', title: 'ChargingCommand' },
)
