import t from 'tap'
import { listProvisioningSteps } from '../../../simulators/vehicles/provisioning.ts'
import { identity, open, STAMP, STAMP_MS, VIN } from './sample-vehicle.ts'

t.test('provisioning: group, then each ECU, the payload being a string of JSON', async (t) => {
  const path = `/auto/vehicles/${VIN.toLowerCase()}`
  const steps = listProvisioningSteps(identity).map((step) => open(step(STAMP_MS)))
  t.same(
    steps.map(({ topic }) => topic),
    [
      'groups/%2Fauto%2Fvehicles%2F5azmj59wxhd10002/create',
      'devices/ecu-aws-2017-aaa/create',
      'devices/ecu-aws-2017-aaa/modify',
      'devices/ecu-aws-2017-aaa/modify',
      'devices/ecu-aws-2017-bbb/create',
      'devices/ecu-aws-2017-bbb/modify',
      'devices/ecu-aws-2017-bbb/modify',
    ].map((end) => `cdf/assetlibrary/events/${end}`),
  )
  const [group, create, attach, install] = steps.map(({ body }) => body)
  t.strictSame(
    { ...group, payload: JSON.parse(group.payload) },
    {
      objectId: path,
      type: 'groups',
      event: 'create',
      payload: {
        groups: {},
        attributes: identity.attributes,
        templateId: 'auto_vehicle',
        parentPath: '/auto/vehicles',
        groupPath: path,
        category: 'group',
        name: VIN,
      },
      time: STAMP,
    },
  )
  const deviceId = 'ecu-aws-2017-aaa'
  const device = { groups: {}, devices: {}, deviceId, category: 'device', templateId: 'auto_ecu' }
  t.strictSame(JSON.parse(create.payload), {
    attributes: { type: 'tcu', model: 'TCU-4G', status: 'assembled' },
    ...device,
  })
  t.strictSame(attach, {
    objectId: deviceId,
    type: 'devices',
    event: 'modify',
    attributes: { deviceId, attachedToGroup: path, relationship: 'installed_in' },
    time: STAMP,
  })
  t.strictSame(JSON.parse(install.payload), {
    attributes: { status: 'installed', softwareVersion: '2.3' },
    ...device,
  })
})
