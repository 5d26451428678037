import Type from 'typebox'
import {
  CertificateHash,
  ChargingProfile,
  LocalListEntry,
  TOKEN,
  VariableRef,
} from '../command-parts.ts'

const Time = Type.String({ format: 'date-time' })
const At = Type.String({ format: 'date-time', description: 'Since when it is known' })

export const RESERVATION_STATES = ['active', 'used', 'cancelled', 'expired'] as const
export type ReservationState = (typeof RESERVATION_STATES)[number]
const state = Type.Unsafe<ReservationState>(
  Type.String({
    enum: [...RESERVATION_STATES],
    description: 'used: a transaction has begun with it; expired: nobody came',
  }),
)

export const ReservationFilter = { state: Type.Optional(state) }

export const ReservationItem = Type.Object(
  {
    chargePointId: Type.String(),
    reservationId: Type.Integer(),
    state,
    evseId: Type.Optional(Type.Integer({ description: '0 or left out: any of them' })),
    connectorKind: Type.Optional(Type.String()),
    ...TOKEN,
    tokenUid: Type.Optional(TOKEN.tokenUid),
    transactionId: Type.Optional(
      Type.String({ description: 'Of what it was used for, as /transactions shows it' }),
    ),
    expiresAt: Time,
    at: At,
  },
  { $id: 'Reservation', title: 'Reservation' },
)

export const HeldProfileItem = Type.Object(
  {
    evseId: Type.Integer({ description: '0: the whole charge point, or each of its EVSEs' }),
    ...ChargingProfile.properties,
    at: At,
  },
  { $id: 'HeldChargingProfile', title: 'HeldChargingProfile' },
)

export const VariableItem = Type.Object(
  {
    ...VariableRef.properties,
    value: Type.Optional(Type.String({ description: 'Left out: it has none, or it is a secret' })),
    isSecret: Type.Optional(Type.Boolean()),
    isReadOnly: Type.Optional(Type.Boolean()),
    needsReboot: Type.Optional(
      Type.Boolean({ description: 'The value counts from its next start on' }),
    ),
    dataType: Type.Optional(Type.String()),
    unit: Type.Optional(Type.String()),
    min: Type.Optional(Type.Number()),
    max: Type.Optional(Type.Number()),
    values: Type.Optional(Type.String({ description: 'Allowed ones, separated by commas' })),
    at: At,
  },
  { $id: 'Variable', title: 'Variable' },
)

export const CertificateItem = Type.Object(
  {
    use: Type.String(),
    hash: Type.Optional(CertificateHash),
    children: Type.Optional(
      Type.Array(Type.Record(Type.String(), Type.Unknown()), {
        description: 'Hashes of those below it, of a chain',
      }),
    ),
    subject: Type.Optional(Type.String()),
    issuer: Type.Optional(Type.String()),
    serialNumber: Type.Optional(Type.String()),
    fingerprint: Type.Optional(Type.String({ description: 'SHA-256, hex' })),
    validFrom: Type.Optional(Time),
    validTo: Type.Optional(Time),
    at: At,
  },
  { $id: 'HeldCertificate', title: 'HeldCertificate' },
)

export const LocalListFacts = {
  version: Type.Union([Type.Integer(), Type.Null()], {
    description: '0: it is empty; null: nobody knows',
  }),
  isInDoubt: Type.Boolean({
    description: 'It has told of a version that we did not send: its tokens may be others',
  }),
  tokens: Type.Array(LocalListEntry),
}

export const HOLDING_SCHEMAS = [ReservationItem, HeldProfileItem, VariableItem, CertificateItem]
