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
    title: '2.0.1 GetBaseReport TC_B_12 TC_B_13',
    action: 'GetBaseReport',
    says: [
      [
        { report: 'configuration', requestId: 1 },
        { requestId: 1, reportBase: 'ConfigurationInventory' },
      ],
      [
        { report: 'full', requestId: 2 },
        { requestId: 2, reportBase: 'FullInventory' },
      ],
      [
        { report: 'summary', requestId: 3 },
        { requestId: 3, reportBase: 'SummaryInventory' },
      ],
    ],
    reads: {
      Accepted: 'accepted',
      EmptyResultSet: 'accepted',
      Rejected: 'rejected',
      NotSupported: 'failed',
    },
    unsayable: [[{ report: 'full' }, 'requestId']],
  },
  {
    title: '2.0.1 GetReport',
    action: 'GetReport',
    says: [
      [
        {
          requestId: 1,
          criteria: ['active', 'problem'],
          components: [
            { component: 'EVSE', evseId: 1 },
            { component: 'Connector', evseId: 1, connectorId: 2, name: 'Available', instance: 'x' },
          ],
        },
        {
          requestId: 1,
          componentCriteria: ['Active', 'Problem'],
          componentVariable: [
            { component: { name: 'EVSE', evse: { id: 1 } } },
            {
              component: { name: 'Connector', evse: { id: 1, connectorId: 2 } },
              variable: { name: 'Available', instance: 'x' },
            },
          ],
        },
      ],
      [{ requestId: 1 }, { requestId: 1 }],
    ],
    reads: { Accepted: 'accepted', EmptyResultSet: 'accepted', Rejected: 'rejected' },
    unsayable: [
      [{}, 'requestId'],
      [{ requestId: 1, components: [{ component: 'A', connectorId: 1 }] }, 'connectorId'],
    ],
  },
  {
    title: '2.0.1 SetNetworkProfile TC_B_42 TC_B_44',
    action: 'SetNetworkProfile',
    says: [
      [
        {
          slot: 1,
          url: 'wss://csms.example.com/ocpp',
          ocppVersion: 'OCPP20',
          securityProfile: 2,
          messageTimeoutSeconds: 30,
          networkInterface: 'Wireless0',
          apn: { apn: 'iot', user: 'u', usesOnlyPreferredNetwork: true, authentication: 'AUTO' },
          vpn: { server: 's', user: 'u', password: 'p', key: 'k', kind: 'IKEv2' },
        },
        {
          configurationSlot: 1,
          connectionData: {
            ocppVersion: 'OCPP20',
            ocppTransport: 'JSON',
            ocppCsmsUrl: 'wss://csms.example.com/ocpp',
            messageTimeout: 30,
            securityProfile: 2,
            ocppInterface: 'Wireless0',
            apn: {
              apn: 'iot',
              apnUserName: 'u',
              useOnlyPreferredNetwork: true,
              apnAuthentication: 'AUTO',
            },
            vpn: { server: 's', user: 'u', password: 'p', key: 'k', type: 'IKEv2' },
          },
        },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected', Failed: 'failed' },
    unsayable: [[{ networkInterface: 'eth0' }, 'networkInterface']],
  },
  {
    title: '2.0.1 UpdateFirmware TC_L_01 TC_L_02 TC_L_03 signed, at its time',
    action: 'UpdateFirmware',
    says: [
      [
        {
          requestId: 1,
          location: 'https://example.com/f',
          retrieveAt: TIME,
          installAt: TIME,
          signingCertificate: PEM,
          signature: 'c2ln',
          retries: 2,
          retryIntervalSeconds: 60,
        },
        {
          requestId: 1,
          retries: 2,
          retryInterval: 60,
          firmware: {
            location: 'https://example.com/f',
            retrieveDateTime: TIME,
            installDateTime: TIME,
            signingCertificate: PEM,
            signature: 'c2ln',
          },
        },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected' },
    unsayable: [[{ location: 'https://example.com/f', retrieveAt: TIME }, 'requestId']],
  },
  {
    title: '2.0.1 UpdateFirmware TC_L_04 TC_L_05 TC_L_10 TC_L_11 what the station makes of it',
    action: 'UpdateFirmware',
    says: [],
    reads: {
      RevokedCertificate: 'rejected',
      InvalidCertificate: 'rejected',
      AcceptedCanceled: 'accepted',
      Rejected: 'rejected',
    },
  },
  {
    title: '2.0.1 GetLog TC_N_25 TC_N_34 TC_N_35 TC_N_36',
    action: 'GetLog',
    says: [
      [
        { log: 'diagnostics', location: 'https://example.com/l', requestId: 1 },
        {
          logType: 'DiagnosticsLog',
          requestId: 1,
          log: { remoteLocation: 'https://example.com/l' },
        },
      ],
      [
        {
          log: 'security',
          location: 'https://example.com/l',
          requestId: 2,
          from: TIME,
          to: TIME,
          retries: 1,
          retryIntervalSeconds: 5,
        },
        {
          logType: 'SecurityLog',
          requestId: 2,
          retries: 1,
          retryInterval: 5,
          log: {
            remoteLocation: 'https://example.com/l',
            oldestTimestamp: TIME,
            latestTimestamp: TIME,
          },
        },
      ],
    ],
    reads: { Accepted: 'accepted', AcceptedCanceled: 'accepted', Rejected: 'rejected' },
    unsayable: [[{ log: 'security', location: 'https://example.com/l' }, 'requestId']],
  },
  {
    title: '2.0.1 CustomerInformation TC_N_27 TC_N_28 TC_N_29 TC_N_30 TC_N_31 TC_N_32 TC_N_62',
    action: 'CustomerInformation',
    says: [
      [
        { requestId: 1, isReportWanted: true, isToBeCleared: false, tokenUid: 'T' },
        { requestId: 1, report: true, clear: false, idToken: { idToken: 'T', type: 'ISO14443' } },
      ],
      [
        { requestId: 1, isReportWanted: true, isToBeCleared: true, customerId: 'C' },
        { requestId: 1, report: true, clear: true, customerIdentifier: 'C' },
      ],
      [
        { requestId: 1, isReportWanted: false, isToBeCleared: true, certificate: HASH },
        { requestId: 1, report: false, clear: true, customerCertificate: HASH },
      ],
    ],
    reads: { Accepted: 'accepted', Rejected: 'rejected', Invalid: 'failed' },
    unsayable: [
      [{ requestId: 1, isReportWanted: true, isToBeCleared: true }, 'tokenUid'],
      [{ requestId: 1, tokenUid: 'T', customerId: 'C' }, 'tokenUid'],
      [{ tokenUid: 'T' }, 'requestId'],
    ],
  },
]

for (const each of CASES) testOutbound(t, each)
