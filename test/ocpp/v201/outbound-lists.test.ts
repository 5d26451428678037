import t from 'tap'
import { type OutboundCase, testOutbound } from './outbound-case.ts'

const TIME = '2026-04-06T22:00:00Z'
const PEM = '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n'
const HASH = {
  hashAlgorithm: 'SHA384',
  issuerNameHash: '4ad0',
  issuerKeyHash: '8c1f',
  serialNumber: '03',
}

const CASES: readonly OutboundCase[] = [
  {
    title: '2.0.1 InstallCertificate TC_M_01 TC_M_02 TC_M_05',
    action: 'InstallCertificate',
    says: [
      [
        { use: 'csms-root', certificate: PEM },
        { certificateType: 'CSMSRootCertificate', certificate: PEM },
      ],
      [
        { use: 'manufacturer-root', certificate: PEM },
        { certificateType: 'ManufacturerRootCertificate', certificate: PEM },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected', Failed: 'failed' },
  },
  {
    title: '2.0.1 GetInstalledCertificateIds TC_M_13 TC_M_18 TC_M_19',
    action: 'GetInstalledCertificateIds',
    says: [
      [{ uses: ['manufacturer-root'] }, { certificateType: ['ManufacturerRootCertificate'] }],
      [{}, {}],
      [{ uses: ['v2g-certificate-chain'] }, { certificateType: ['V2GCertificateChain'] }],
    ],
    reads: { Accepted: 'accepted', NotFound: 'accepted' },
  },
  {
    title: '2.0.1 DeleteCertificate TC_M_20 TC_M_21',
    action: 'DeleteCertificate',
    says: [[{ certificate: HASH }, { certificateHashData: HASH }]],
    reads: { Accepted: 'accepted', Failed: 'failed', NotFound: 'failed' },
  },
  {
    title: '2.0.1 CertificateSigned',
    action: 'CertificateSigned',
    says: [
      [{ certificateChain: PEM }, { certificateChain: PEM }],
      [
        { certificateChain: PEM, use: 'v2g' },
        { certificateChain: PEM, certificateType: 'V2GCertificate' },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
  },
  {
    title: '2.0.1 SendLocalList',
    action: 'SendLocalList',
    says: [
      [
        { version: 1, mode: 'full' },
        { versionNumber: 1, updateType: 'Full' },
      ],
      [
        {
          version: 2,
          mode: 'differential',
          tokens: [
            { tokenUid: 'A', status: 'Accepted', tokenGroupId: 'G', expiresAt: TIME },
            { tokenUid: 'B', tokenKind: 'eMAID' },
          ],
        },
        {
          versionNumber: 2,
          updateType: 'Differential',
          localAuthorizationList: [
            {
              idToken: { idToken: 'A', type: 'ISO14443' },
              idTokenInfo: {
                status: 'Accepted',
                cacheExpiryDateTime: TIME,
                groupIdToken: { idToken: 'G', type: 'Central' },
              },
            },
            { idToken: { idToken: 'B', type: 'eMAID' } },
          ],
        },
      ],
    ],
    reads: { Accepted: 'accepted', Failed: 'failed', VersionMismatch: 'rejected' },
    unsayable: [[{ version: 1, mode: 'full', tokens: [{ tokenUid: 'A' }] }, 'status']],
  },
  {
    title: '2.0.1 GetLocalListVersion',
    action: 'GetLocalListVersion',
    says: [[{}, {}]],
    reads: [[{ versionNumber: 7 }, 'accepted']],
  },
  {
    title: '2.0.1 ReserveNow',
    action: 'ReserveNow',
    says: [
      [
        { reservationId: 1, tokenUid: 'T', expiresAt: TIME, evseId: 0 },
        { id: 1, expiryDateTime: TIME, idToken: { idToken: 'T', type: 'ISO14443' } },
      ],
      [
        {
          reservationId: 1,
          tokenUid: 'T',
          tokenGroupId: 'G',
          expiresAt: TIME,
          evseId: 2,
          connectorKind: 'cCCS2',
        },
        {
          id: 1,
          expiryDateTime: TIME,
          evseId: 2,
          connectorType: 'cCCS2',
          idToken: { idToken: 'T', type: 'ISO14443' },
          groupIdToken: { idToken: 'G', type: 'Central' },
        },
      ],
    ],
    reads: {
      Accepted: 'accepted',
      Faulted: 'rejected',
      Occupied: 'rejected',
      Unavailable: 'rejected',
      Rejected: 'rejected',
    },
    unsayable: [
      [{ tokenUid: 'T', expiresAt: TIME }, 'reservationId'],
      [{ reservationId: 1, tokenUid: 'T', expiresAt: TIME, connectorKind: 'CCS' }, 'connectorKind'],
    ],
  },
  {
    title: '2.0.1 CancelReservation',
    action: 'CancelReservation',
    says: [[{ reservationId: 1 }, { reservationId: 1 }]],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
  },
  {
    title: '2.0.1 DataTransfer to a station',
    action: 'DataTransfer',
    says: [
      [{ vendorId: 'com.example' }, { vendorId: 'com.example' }],
      [
        { vendorId: 'com.example', messageId: 'Blink', data: [1, 'two'] },
        { vendorId: 'com.example', messageId: 'Blink', data: [1, 'two'] },
      ],
    ],
    reads: {
      Accepted: 'accepted',
      Rejected: 'rejected',
      UnknownMessageId: 'failed',
      UnknownVendorId: 'failed',
    },
  },
]

for (const each of CASES) testOutbound(t, each)
