import Type, { type TObject, type TProperties } from 'typebox'
import type { JsonObject } from '../domain/json.ts'
import {
  Apn,
  CertificateHash,
  ChargingProfile,
  ConnectorId,
  count,
  EvseId,
  InstalledUse,
  LOG_RANGE,
  LocalListEntry,
  Location,
  OneEvseId,
  oneOf,
  Purpose,
  RateUnit,
  RETRIES,
  ReportedVariable,
  RequestId,
  RootUse,
  TOKEN,
  TransactionId,
  text,
  time,
  UNKNOWN_FIELDS,
  VariableRef,
  VariableValue,
  Version,
  Vpn,
} from './command-parts.ts'

/** Parameters of a kind, with an example that is shown, and tried by the tests. */
function parameters<Fields extends TProperties>(
  fields: Fields,
  example: JsonObject,
  description?: string,
): TObject<Fields> & { readonly examples: readonly [JsonObject] } {
  const options = description === undefined ? UNKNOWN_FIELDS : { ...UNKNOWN_FIELDS, description }
  return Object.assign(Type.Object(fields, options), { examples: [example] as const })
}

/** Of each kind of commands (command-kinds.ts), in words of no protocol. */
export const PARAMETERS = {
  'start-charging': parameters(
    {
      evseId: Type.Optional(OneEvseId),
      connectorId: Type.Optional(ConnectorId),
      ...TOKEN,
      profile: Type.Optional(ChargingProfile),
      remoteStartId: Type.Optional(count('Comes back in the transaction (OCPP 2.0.1)')),
    },
    { evseId: 1, tokenUid: '04A2B3C4D5E680' },
  ),
  'stop-charging': parameters({ transactionId: TransactionId }, { transactionId: 'CP-0001/4711' }),
  reset: parameters(
    {
      how: oneOf(
        ['immediate', 'on-idle', 'hard'],
        'immediate: transactions are stopped properly first; on-idle: when none is running (OCPP 2.0.1); hard: whatever is running (OCPP 1.6)',
      ),
      evseId: Type.Optional(EvseId),
    },
    { how: 'immediate' },
  ),
  'unlock-connector': parameters(
    { evseId: OneEvseId, connectorId: Type.Optional(ConnectorId) },
    { evseId: 1 },
  ),
  'change-availability': parameters(
    {
      isOperative: Type.Boolean({ description: 'No running transaction is ended by it' }),
      evseId: Type.Optional(EvseId),
      connectorId: Type.Optional(ConnectorId),
    },
    { isOperative: false, evseId: 2 },
  ),
  'set-variables': parameters(
    {
      variables: Type.Array(VariableValue, {
        minItems: 1,
        maxItems: 100,
        description: 'OCPP 1.6: one a command',
      }),
    },
    { variables: [{ name: 'HeartbeatInterval', value: '300' }] },
  ),
  'get-variables': parameters(
    {
      variables: Type.Optional(
        Type.Array(VariableRef, {
          minItems: 1,
          maxItems: 100,
          description: 'OCPP 1.6: all if left out',
        }),
      ),
    },
    { variables: [{ name: 'HeartbeatInterval' }] },
  ),
  'clear-cache': parameters({}, {}),
  'send-vendor-message': parameters(
    {
      vendorId: text(255, 'Reversed domain name'),
      messageId: Type.Optional(text(50)),
      data: Type.Optional(Type.Unknown({ description: 'OCPP 1.6: text' })),
    },
    { vendorId: 'com.example', messageId: 'SetColour', data: 'green' },
  ),
  'update-firmware': parameters(
    {
      location: Location,
      retrieveAt: time('downloads from then on'),
      installAt: Type.Optional(time('installs from then on (OCPP 1.6: signed firmware only)')),
      signingCertificate: Type.Optional(text(5500, 'PEM; with it, the firmware is checked')),
      signature: Type.Optional(text(800, 'Base64; together with the certificate')),
      requestId: RequestId,
      ...RETRIES,
    },
    { location: 'https://example.com/firmware.bin', retrieveAt: '2026-04-06T22:00:00Z' },
  ),
  'get-logs': parameters(
    { log: oneOf(['diagnostics', 'security']), requestId: RequestId, ...LOG_RANGE },
    { log: 'security', location: 'https://example.com/logs', requestId: 3 },
  ),
  'get-diagnostics': parameters(
    LOG_RANGE,
    { location: 'ftp://example.com/diagnostics' },
    'OCPP 1.6 without the security extension; else get-logs',
  ),
  'send-local-list': parameters(
    {
      version: Version,
      mode: oneOf(['full', 'differential'], 'full: replaces the list'),
      tokens: Type.Optional(Type.Array(LocalListEntry, { maxItems: 1000 })),
    },
    { version: 7, mode: 'full', tokens: [{ tokenUid: '04A2B3C4D5E680', status: 'Accepted' }] },
  ),
  'get-local-list-version': parameters({}, {}),
  reserve: parameters(
    {
      evseId: Type.Optional(EvseId),
      connectorKind: Type.Optional(text(20, 'OCPP 2.0.1: cCCS2, sType2, …')),
      ...TOKEN,
      expiresAt: time('nobody is waited for any more'),
      reservationId: Type.Optional(
        count('Replaces the one of the same id; a fresh one if left out'),
      ),
    },
    {
      evseId: 1,
      tokenUid: '04A2B3C4D5E680',
      expiresAt: '2026-04-06T19:00:00Z',
      reservationId: 12,
    },
  ),
  'cancel-reservation': parameters({ reservationId: count() }, { reservationId: 12 }),
  'set-charging-profile': parameters(
    { evseId: Type.Optional(EvseId), profile: ChargingProfile },
    {
      evseId: 1,
      profile: {
        id: 1,
        stackLevel: 0,
        purpose: 'transaction-default',
        kind: 'absolute',
        schedules: [{ unit: 'A', periods: [{ startSeconds: 0, limit: 16 }] }],
      },
    },
  ),
  'clear-charging-profile': parameters(
    {
      profileId: Type.Optional(count('This very one')),
      evseId: Type.Optional(count('0: those of the charge point. Left out: of any EVSE')),
      purpose: Type.Optional(Purpose),
      stackLevel: Type.Optional(count()),
    },
    { profileId: 1 },
    'All that fit; without any field, all',
  ),
  'get-composite-schedule': parameters(
    {
      evseId: count('0: the whole charge point'),
      durationSeconds: count('From now on'),
      unit: Type.Optional(RateUnit),
    },
    { evseId: 1, durationSeconds: 3600 },
  ),
  'trigger-message': parameters(
    {
      message: oneOf(
        [
          'boot',
          'heartbeat',
          'status',
          'meter-values',
          'transaction',
          'firmware-status',
          'signed-firmware-status',
          'diagnostics-status',
          'log-status',
          'sign-certificate',
          'sign-v2g-certificate',
          'sign-combined-certificate',
        ],
        'signed-firmware-status, diagnostics-status: OCPP 1.6; transaction, sign-v2g-certificate, sign-combined-certificate: OCPP 2.0.1',
      ),
      evseId: Type.Optional(OneEvseId),
      connectorId: Type.Optional(ConnectorId),
    },
    { message: 'status', evseId: 1 },
  ),
  'install-certificate': parameters(
    { use: RootUse, certificate: text(5500, 'PEM') },
    {
      use: 'csms-root',
      certificate: '-----BEGIN CERTIFICATE-----\nMII…\n-----END CERTIFICATE-----\n',
    },
    'OCPP 1.6: csms-root and manufacturer-root',
  ),
  'delete-certificate': parameters(
    { certificate: CertificateHash },
    {
      certificate: {
        hashAlgorithm: 'SHA256',
        issuerNameHash: '4ad0',
        issuerKeyHash: '8c1f',
        serialNumber: '03',
      },
    },
  ),
  'get-installed-certificate-ids': parameters(
    {
      uses: Type.Optional(
        Type.Array(InstalledUse, { minItems: 1, maxItems: 5, description: 'OCPP 1.6: one' }),
      ),
    },
    { uses: ['csms-root'] },
  ),
  'install-signed-certificate': parameters(
    {
      certificateChain: text(10_000, 'PEM: its own first, no root'),
      use: Type.Optional(
        oneOf(['charging-station', 'v2g'], 'OCPP 2.0.1; charging-station if left out'),
      ),
    },
    { certificateChain: '-----BEGIN CERTIFICATE-----\nMII…\n-----END CERTIFICATE-----\n' },
    'The answer to a certificate request of the charge point',
  ),
  'get-base-report': parameters(
    { report: oneOf(['configuration', 'full', 'summary']), requestId: RequestId },
    { report: 'full' },
  ),
  'get-report': parameters(
    {
      components: Type.Optional(Type.Array(ReportedVariable, { minItems: 1, maxItems: 100 })),
      criteria: Type.Optional(
        Type.Array(oneOf(['active', 'available', 'enabled', 'problem']), {
          minItems: 1,
          maxItems: 4,
        }),
      ),
      requestId: RequestId,
    },
    { criteria: ['problem'] },
  ),
  'set-network-profile': parameters(
    {
      slot: count('NetworkConfigurationPriority names it'),
      url: text(512, 'Of the CSMS, without the identity'),
      ocppVersion: oneOf(['OCPP16', 'OCPP20']),
      securityProfile: Type.Integer({ minimum: 0, maximum: 3 }),
      messageTimeoutSeconds: count(),
      networkInterface: text(20, 'Wired0 to Wired3, Wireless0 to Wireless3'),
      apn: Type.Optional(Apn),
      vpn: Type.Optional(Vpn),
    },
    {
      slot: 1,
      url: 'wss://csms.example.com/ocpp',
      ocppVersion: 'OCPP20',
      securityProfile: 2,
      messageTimeoutSeconds: 30,
      networkInterface: 'Wired0',
    },
  ),
  'get-customer-information': parameters(
    {
      isReportWanted: Type.Boolean(),
      isToBeCleared: Type.Boolean({ description: 'Afterwards the charge point has none of it' }),
      tokenUid: Type.Optional(TOKEN.tokenUid),
      tokenKind: TOKEN.tokenKind,
      customerId: Type.Optional(text(64, 'As vendor and operator agree')),
      certificate: Type.Optional(CertificateHash),
      requestId: RequestId,
    },
    { isReportWanted: true, isToBeCleared: false, tokenUid: '04A2B3C4D5E680' },
    'Of a token, a customer or a certificate: one of them',
  ),
  'get-transaction-status': parameters(
    { transactionId: Type.Optional(TransactionId) },
    {},
    'Without a transaction: does it hold any messages back?',
  ),
} as const
