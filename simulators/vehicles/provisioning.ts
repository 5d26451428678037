import type { Ecu, VehicleIdentity } from './identity.ts'
import { type Outgoing, toIso } from './messages.ts'

/**
 * What the asset library tells of a vehicle when it is activated, in this order: the vehicle's
 * group, then for each ECU create, attach to the vehicle, modify (installed, with its software).
 * Each is a function of its moment, since the next one waits until the one before is acknowledged.
 */
export type ProvisioningStep = (stampMs: number) => Outgoing

export function listProvisioningSteps(identity: VehicleIdentity): ProvisioningStep[] {
  const groupPath = `/auto/vehicles/${identity.vin.toLowerCase()}`
  return [
    (stampMs) => composeGroupCreate(identity, groupPath, stampMs),
    ...identity.ecus.flatMap((ecu) => listDeviceSteps(ecu, groupPath)),
  ]
}

function composeGroupCreate(
  { vin, attributes }: VehicleIdentity,
  groupPath: string,
  stampMs: number,
): Outgoing {
  return composeAssetEvent('groups', groupPath, 'create', stampMs, {
    payload: JSON.stringify({
      groups: {},
      attributes,
      templateId: 'auto_vehicle',
      parentPath: '/auto/vehicles',
      groupPath,
      category: 'group',
      name: vin,
    }),
  })
}

function listDeviceSteps(ecu: Ecu, groupPath: string): ProvisioningStep[] {
  // Things are upper case, the asset library is lower case.
  const deviceId = ecu.deviceId.toLowerCase()
  const describe = (attributes: object) =>
    JSON.stringify({
      attributes,
      groups: {},
      devices: {},
      deviceId,
      category: 'device',
      templateId: 'auto_ecu',
    })
  return [
    (stampMs) =>
      composeAssetEvent('devices', deviceId, 'create', stampMs, {
        payload: describe({ type: ecu.type, model: ecu.model, status: 'assembled' }),
      }),
    (stampMs) =>
      composeAssetEvent('devices', deviceId, 'modify', stampMs, {
        attributes: { deviceId, attachedToGroup: groupPath, relationship: 'installed_in' },
      }),
    (stampMs) =>
      composeAssetEvent('devices', deviceId, 'modify', stampMs, {
        payload: describe({ status: 'installed', softwareVersion: ecu.softwareVersion }),
      }),
  ]
}

function composeAssetEvent(
  type: 'groups' | 'devices',
  objectId: string,
  event: 'create' | 'modify',
  stampMs: number,
  content: { readonly payload: string } | { readonly attributes: object },
): Outgoing {
  return {
    kind: type === 'groups' ? 'group' : 'device',
    topic: `cdf/assetlibrary/events/${type}/${encodeURIComponent(objectId)}/${event}`,
    payload: JSON.stringify({ objectId, type, event, ...content, time: toIso(stampMs) }),
  }
}
