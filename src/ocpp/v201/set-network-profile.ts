import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readStatus } from '../outcome.ts'
import { oneOf } from './unsayable.ts'

type Parameters = ParametersOf<'set-network-profile'>
type Connection = OCPP20.SetNetworkProfileRequest['connectionData']

const INTERFACES = [
  'Wired0',
  'Wired1',
  'Wired2',
  'Wired3',
  'Wireless0',
  'Wireless1',
  'Wireless2',
  'Wireless3',
] as const satisfies readonly Connection['ocppInterface'][]

/** OCPP 2.0.1 §B09. In force once NetworkConfigurationPriority names its slot and it has started again. */
export const setNetworkProfile: OutboundAction = {
  kind: 'set-network-profile',
  compose({ slot, ...profile }: Parameters): OCPP20.SetNetworkProfileRequest {
    return {
      configurationSlot: slot,
      connectionData: compact({
        ocppVersion: profile.ocppVersion,
        ocppTransport: 'JSON' as const,
        ocppCsmsUrl: profile.url,
        messageTimeout: profile.messageTimeoutSeconds,
        securityProfile: profile.securityProfile,
        ocppInterface: oneOf(INTERFACES, profile.networkInterface, 'networkInterface'),
        apn: profile.apn && writeApn(profile.apn),
        vpn: profile.vpn && writeVpn(profile.vpn),
      }),
    }
  },
  read: readStatus,
}

function writeApn(apn: NonNullable<Parameters['apn']>): NonNullable<Connection['apn']> {
  return compact({
    apn: apn.apn,
    apnUserName: apn.user,
    apnPassword: apn.password,
    simPin: apn.simPin,
    preferredNetwork: apn.preferredNetwork,
    useOnlyPreferredNetwork: apn.usesOnlyPreferredNetwork,
    apnAuthentication: apn.authentication,
  })
}

function writeVpn(vpn: NonNullable<Parameters['vpn']>): NonNullable<Connection['vpn']> {
  const { kind, ...rest } = vpn
  return { ...rest, type: kind }
}
