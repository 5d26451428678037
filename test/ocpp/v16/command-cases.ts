import type { JsonObject } from '../../../src/domain/json.ts'

type Refusal = readonly [parameters: JsonObject, reason: RegExp]
type Answers = Readonly<Record<string, 'accepted' | 'rejected' | 'failed'>>

export interface Case {
  readonly kind: string
  readonly parameters: JsonObject
  readonly request: object
  /** Which answers, by their status, mean what. */
  readonly answers: Answers
  /** What 1.6 has no words for. */
  readonly unsayable?: readonly Refusal[]
}

export const UID = '04A2B3C4D5E680'
const LONG_UID = 'x'.repeat(21)
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMII…\n-----END CERTIFICATE-----\n'
const HASH = {
  hashAlgorithm: 'SHA256',
  issuerNameHash: '4ad0',
  issuerKeyHash: '8c1f',
  serialNumber: '03',
}
const ASKED: Answers = { Accepted: 'accepted', Rejected: 'rejected' }
const FIRMWARE = { location: 'https://example.com/f.bin', retrieveAt: '2026-04-06T22:00:00Z' }
const SIGNED = { ...FIRMWARE, signingCertificate: CERTIFICATE, signature: 'c2ln' }

export const profile = (values: JsonObject = {}): JsonObject => ({
  id: 1,
  stackLevel: 2,
  purpose: 'transaction-default',
  kind: 'recurring',
  recurrence: 'daily',
  schedules: [schedule()],
  ...values,
})
export const schedule = (values: JsonObject = {}): JsonObject => ({
  unit: 'A',
  periods: [
    { startSeconds: 0, limit: 16 },
    { startSeconds: 3600, limit: 21.4, phases: 1 },
  ],
  ...values,
})
export const TX_PROFILE = profile({ purpose: 'transaction', kind: 'relative' })
const wireProfile = {
  chargingProfileId: 1,
  stackLevel: 2,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Recurring',
  recurrencyKind: 'Daily',
  chargingSchedule: {
    chargingRateUnit: 'A',
    chargingSchedulePeriod: [
      { startPeriod: 0, limit: 16 },
      { startPeriod: 3600, limit: 21.4, numberPhases: 1 },
    ],
  },
}

export const CASES: Readonly<Record<string, Case>> = {
  RemoteStartTransaction: {
    kind: 'start-charging',
    parameters: { evseId: 2, tokenUid: UID, tokenKind: 'ISO14443', remoteStartId: 5 },
    request: { connectorId: 2, idTag: UID },
    answers: ASKED,
    unsayable: [
      [{ tokenUid: LONG_UID }, /tokenUid has no more than 20 characters/],
      [{ tokenUid: UID, evseId: 1, connectorId: 2 }, /connectorId is the same as evseId/],
      [{ tokenUid: UID, profile: profile() }, /profile.purpose is transaction/],
      [
        { tokenUid: UID, profile: { ...TX_PROFILE, transactionId: 'CP/1' } },
        /profile.transactionId is not known yet/,
      ],
    ],
  },
  RemoteStopTransaction: {
    kind: 'stop-charging',
    parameters: { transactionId: 'CP/with/slashes/4711' },
    request: { transactionId: 4711 },
    answers: ASKED,
    unsayable: [
      [{ transactionId: 'CP-1/0b8ec0c5-5f31-4a0e-8f0e' }, /transactionId ends with a number/],
      [{ transactionId: 'CP-1/' }, /transactionId ends with a number/],
      [{ transactionId: 'CP-1/1e3' }, /transactionId ends with a number/],
      [{ transactionId: 'CP-1/2147483648' }, /transactionId ends with a number/],
    ],
  },
  Reset: {
    kind: 'reset',
    parameters: { how: 'immediate' },
    request: { type: 'Soft' },
    answers: ASKED,
    unsayable: [
      [{ how: 'on-idle' }, /how is immediate or hard/],
      [{ how: 'hard', evseId: 1 }, /evseId is left out/],
    ],
  },
  UnlockConnector: {
    kind: 'unlock-connector',
    parameters: { evseId: 2, connectorId: 2 },
    request: { connectorId: 2 },
    answers: { Unlocked: 'accepted', UnlockFailed: 'failed', NotSupported: 'failed' },
    unsayable: [[{ evseId: 2, connectorId: 1 }, /connectorId is the same as evseId/]],
  },
  ChangeAvailability: {
    kind: 'change-availability',
    parameters: { isOperative: false, evseId: 2 },
    request: { connectorId: 2, type: 'Inoperative' },
    answers: { Accepted: 'accepted', Scheduled: 'accepted', Rejected: 'rejected' },
    unsayable: [[{ isOperative: true, connectorId: 1 }, /connectorId is the same as evseId/]],
  },
  ChangeConfiguration: {
    kind: 'set-variables',
    parameters: { variables: [{ name: 'HeartbeatInterval', value: '300', attribute: 'actual' }] },
    request: { key: 'HeartbeatInterval', value: '300' },
    answers: {
      Accepted: 'accepted',
      RebootRequired: 'accepted',
      Rejected: 'rejected',
      NotSupported: 'failed',
    },
    unsayable: [
      [
        {
          variables: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
        /variables is one variable/,
      ],
      [{ variables: [{ name: 'A', value: '1', component: 'OCPPCommCtrlr' }] }, /have no component/],
      [{ variables: [{ name: 'A', value: '1', attribute: 'target' }] }, /have actual values only/],
    ],
  },
  GetConfiguration: {
    kind: 'get-variables',
    parameters: { variables: [{ name: 'HeartbeatInterval' }, { name: 'NumberOfConnectors' }] },
    request: { key: ['HeartbeatInterval', 'NumberOfConnectors'] },
    answers: {},
    unsayable: [[{ variables: [{ name: 'A', evseId: 1 }] }, /have no evseId/]],
  },
  ClearCache: { kind: 'clear-cache', parameters: {}, request: {}, answers: ASKED },
  DataTransfer: {
    kind: 'send-vendor-message',
    parameters: { vendorId: 'com.example', messageId: 'Colour', data: 'green' },
    request: { vendorId: 'com.example', messageId: 'Colour', data: 'green' },
    answers: { ...ASKED, UnknownMessageId: 'failed', UnknownVendorId: 'failed' },
    unsayable: [[{ vendorId: 'com.example', data: { colour: 'green' } }, /data is text/]],
  },
  UpdateFirmware: {
    kind: 'update-firmware',
    parameters: { ...FIRMWARE, retries: 3, retryIntervalSeconds: 60, requestId: 9 },
    request: {
      location: FIRMWARE.location,
      retrieveDate: FIRMWARE.retrieveAt,
      retries: 3,
      retryInterval: 60,
    },
    answers: {},
    unsayable: [[{ ...FIRMWARE, installAt: FIRMWARE.retrieveAt }, /installAt needs signed/]],
  },
  SignedUpdateFirmware: {
    kind: 'update-firmware',
    parameters: { ...SIGNED, requestId: 9, installAt: '2026-04-07T02:00:00Z' },
    request: {
      requestId: 9,
      firmware: {
        location: FIRMWARE.location,
        retrieveDateTime: FIRMWARE.retrieveAt,
        installDateTime: '2026-04-07T02:00:00Z',
        signingCertificate: CERTIFICATE,
        signature: 'c2ln',
      },
    },
    answers: {
      ...ASKED,
      AcceptedCanceled: 'accepted',
      InvalidCertificate: 'rejected',
      RevokedCertificate: 'rejected',
    },
    unsayable: [
      [SIGNED, /requestId is needed/],
      [{ ...FIRMWARE, requestId: 1, signature: 'c2ln' }, /signingCertificate is needed/],
      [{ ...FIRMWARE, requestId: 1, signingCertificate: CERTIFICATE }, /signature is needed/],
    ],
  },
  GetDiagnostics: {
    kind: 'get-diagnostics',
    parameters: {
      location: 'ftp://example.com/d',
      from: '2026-04-05T00:00:00Z',
      to: '2026-04-06T00:00:00Z',
      retries: 2,
      retryIntervalSeconds: 30,
    },
    request: {
      location: 'ftp://example.com/d',
      startTime: '2026-04-05T00:00:00Z',
      stopTime: '2026-04-06T00:00:00Z',
      retries: 2,
      retryInterval: 30,
    },
    answers: {},
  },
  GetLog: {
    kind: 'get-logs',
    parameters: { log: 'security', location: 'https://example.com/l', requestId: 3, retries: 1 },
    request: {
      logType: 'SecurityLog',
      requestId: 3,
      retries: 1,
      log: { remoteLocation: 'https://example.com/l' },
    },
    answers: { ...ASKED, AcceptedCanceled: 'accepted' },
    unsayable: [[{ log: 'security', location: 'https://example.com/l' }, /requestId is needed/]],
  },
  SendLocalList: {
    kind: 'send-local-list',
    parameters: {
      version: 7,
      mode: 'differential',
      tokens: [
        {
          tokenUid: UID,
          status: 'Accepted',
          tokenGroupId: 'FAMILY',
          expiresAt: '2027-01-01T00:00:00Z',
        },
        { tokenUid: 'B', status: 'NoCredit' },
        { tokenUid: 'C' },
      ],
    },
    request: {
      listVersion: 7,
      updateType: 'Differential',
      localAuthorizationList: [
        {
          idTag: UID,
          idTagInfo: {
            status: 'Accepted',
            parentIdTag: 'FAMILY',
            expiryDate: '2027-01-01T00:00:00Z',
          },
        },
        { idTag: 'B', idTagInfo: { status: 'Blocked' } },
        { idTag: 'C' },
      ],
    },
    answers: {
      Accepted: 'accepted',
      Failed: 'failed',
      NotSupported: 'failed',
      VersionMismatch: 'rejected',
    },
    unsayable: [
      [{ version: 1, mode: 'full', tokens: [{ tokenUid: 'A' }] }, /have a status each/],
      [{ version: 1, mode: 'differential', tokens: [{ tokenUid: LONG_UID }] }, /20 characters/],
    ],
  },
  GetLocalListVersion: {
    kind: 'get-local-list-version',
    parameters: {},
    request: {},
    answers: {},
  },
  ReserveNow: {
    kind: 'reserve',
    parameters: {
      evseId: 1,
      tokenUid: UID,
      tokenGroupId: 'FAMILY',
      expiresAt: '2026-04-06T19:00:00Z',
      reservationId: 12,
    },
    request: {
      connectorId: 1,
      idTag: UID,
      parentIdTag: 'FAMILY',
      expiryDate: '2026-04-06T19:00:00Z',
      reservationId: 12,
    },
    answers: {
      ...ASKED,
      Occupied: 'rejected',
      Faulted: 'rejected',
      Unavailable: 'rejected',
    },
    unsayable: [
      [{ tokenUid: UID, expiresAt: '2026-04-06T19:00:00Z' }, /reservationId is needed/],
      [
        { tokenUid: UID, expiresAt: '2026-04-06T19:00:00Z', connectorKind: 'cCCS2' },
        /connectorKind can not be asked for/,
      ],
      [
        {
          tokenUid: UID,
          tokenGroupId: LONG_UID,
          expiresAt: '2026-04-06T19:00:00Z',
          reservationId: 1,
        },
        /tokenGroupId has no more than 20 characters/,
      ],
    ],
  },
  CancelReservation: {
    kind: 'cancel-reservation',
    parameters: { reservationId: 12 },
    request: { reservationId: 12 },
    answers: ASKED,
  },
  SetChargingProfile: {
    kind: 'set-charging-profile',
    parameters: { evseId: 1, profile: profile() },
    request: { connectorId: 1, csChargingProfiles: wireProfile },
    answers: { ...ASKED, NotSupported: 'failed' },
    unsayable: [
      [{ profile: profile({ schedules: [schedule(), schedule()] }) }, /schedules is one schedule/],
      [{ profile: profile({ schedules: [schedule({ minRate: 4.11 })] }) }, /one decimal, not 4.11/],
      [
        {
          profile: profile({
            schedules: [
              schedule({ periods: [{ startSeconds: 0, limit: 6, phases: 1, phaseToUse: 2 }] }),
            ],
          }),
        },
        /have no phaseToUse/,
      ],
      [{ profile: profile({ transactionId: 'CP/abc' }) }, /transactionId ends with a number/],
    ],
  },
  ClearChargingProfile: {
    kind: 'clear-charging-profile',
    parameters: { profileId: 1, evseId: 0, purpose: 'station-max', stackLevel: 2 },
    request: {
      id: 1,
      connectorId: 0,
      chargingProfilePurpose: 'ChargePointMaxProfile',
      stackLevel: 2,
    },
    answers: { Accepted: 'accepted', Unknown: 'failed' },
  },
  GetCompositeSchedule: {
    kind: 'get-composite-schedule',
    parameters: { evseId: 1, durationSeconds: 3600, unit: 'W' },
    request: { connectorId: 1, duration: 3600, chargingRateUnit: 'W' },
    answers: ASKED,
  },
  TriggerMessage: {
    kind: 'trigger-message',
    parameters: { message: 'status', evseId: 1 },
    request: { requestedMessage: 'StatusNotification', connectorId: 1 },
    answers: { ...ASKED, NotImplemented: 'failed' },
    unsayable: [[{ message: 'status', evseId: 1, connectorId: 2 }, /connectorId is the same/]],
  },
  ExtendedTriggerMessage: {
    kind: 'trigger-message',
    parameters: { message: 'sign-certificate' },
    request: { requestedMessage: 'SignChargePointCertificate' },
    answers: { ...ASKED, NotImplemented: 'failed' },
    unsayable: [[{ message: 'log-status', evseId: 1, connectorId: 2 }, /connectorId is the same/]],
  },
  CertificateSigned: {
    kind: 'install-signed-certificate',
    parameters: { certificateChain: CERTIFICATE, use: 'charging-station' },
    request: { certificateChain: CERTIFICATE },
    answers: ASKED,
    unsayable: [[{ certificateChain: CERTIFICATE, use: 'v2g' }, /use is charging-station/]],
  },
  DeleteCertificate: {
    kind: 'delete-certificate',
    parameters: { certificate: HASH },
    request: { certificateHashData: HASH },
    answers: { Accepted: 'accepted', Failed: 'failed', NotFound: 'failed' },
  },
  GetInstalledCertificateIds: {
    kind: 'get-installed-certificate-ids',
    parameters: { uses: ['manufacturer-root'] },
    request: { certificateType: 'ManufacturerRootCertificate' },
    answers: { Accepted: 'accepted', NotFound: 'accepted' },
    unsayable: [
      [{}, /uses is one use/],
      [{ uses: ['csms-root', 'manufacturer-root'] }, /uses is one use/],
      [{ uses: ['v2g-root'] }, /uses is one of csms-root, manufacturer-root/],
    ],
  },
  InstallCertificate: {
    kind: 'install-certificate',
    parameters: { use: 'csms-root', certificate: CERTIFICATE },
    request: { certificateType: 'CentralSystemRootCertificate', certificate: CERTIFICATE },
    answers: { ...ASKED, Failed: 'failed' },
    unsayable: [[{ use: 'mo-root', certificate: CERTIFICATE }, /use is one of csms-root/]],
  },
}
