import t from 'tap'
import { blamed } from './outbound-case.ts'
import { compose, read } from './station.ts'

const HEARTBEAT = { component: 'OCPPCommCtrlr', name: 'HeartbeatInterval' }
const WIRE_HEARTBEAT = {
  component: { name: 'OCPPCommCtrlr' },
  variable: { name: 'HeartbeatInterval' },
}
const PHASES = {
  component: 'Connector',
  componentInstance: 'left',
  evseId: 1,
  connectorId: 2,
  name: 'SupplyPhases',
  instance: 'x',
  attribute: 'max',
}
const WIRE_PHASES = {
  component: { name: 'Connector', instance: 'left', evse: { id: 1, connectorId: 2 } },
  variable: { name: 'SupplyPhases', instance: 'x' },
  attributeType: 'MaxSet',
}

t.test('2.0.1 GetVariables TC_B_06 TC_B_07 one or several', async (t) => {
  t.same(compose('GetVariables', { variables: [HEARTBEAT] }), { getVariableData: [WIRE_HEARTBEAT] })
  t.same(compose('GetVariables', { variables: [HEARTBEAT, PHASES] }), {
    getVariableData: [WIRE_HEARTBEAT, WIRE_PHASES],
  })
  const result = (attributeStatus: string) => ({ ...WIRE_HEARTBEAT, attributeStatus })
  const answer = (...statuses: string[]) => ({ getVariableResult: statuses.map(result) })
  t.match(read('GetVariables', answer('Accepted', 'Accepted')), { state: 'accepted' })
  t.match(read('GetVariables', answer('Accepted', 'Rejected', 'UnknownVariable')), {
    state: 'rejected',
    answer: answer('Accepted', 'Rejected', 'UnknownVariable'),
    reason: 'OCPPCommCtrlr.HeartbeatInterval: Rejected, and 1 more',
  })
  t.match(read('GetVariables', answer('UnknownComponent')), {
    state: 'failed',
    reason: 'OCPPCommCtrlr.HeartbeatInterval: UnknownComponent',
  })
  t.equal(blamed('GetVariables', {}), 'variables')
  t.equal(blamed('GetVariables', { variables: [{ name: 'A' }] }), 'component')
})

t.test('2.0.1 SetVariables TC_B_09 TC_B_10 one or several', async (t) => {
  const variables = [
    { ...HEARTBEAT, value: '300' },
    { ...PHASES, value: '3' },
  ]
  t.same(compose('SetVariables', { variables }), {
    setVariableData: [
      { ...WIRE_HEARTBEAT, attributeValue: '300' },
      { ...WIRE_PHASES, attributeValue: '3' },
    ],
  })
  const answer = (attributeStatus: string) => ({
    setVariableResult: [
      {
        ...WIRE_HEARTBEAT,
        attributeStatus,
        attributeStatusInfo: { reasonCode: 'ValueOutOfRange' },
      },
    ],
  })
  t.match(read('SetVariables', answer('Accepted')), { state: 'accepted' })
  t.match(read('SetVariables', answer('RebootRequired')), { state: 'accepted' })
  t.match(read('SetVariables', answer('Rejected')), {
    state: 'rejected',
    reason: 'OCPPCommCtrlr.HeartbeatInterval: Rejected (ValueOutOfRange)',
  })
  const long = { variables: [{ ...HEARTBEAT, value: 'x'.repeat(1001) }] }
  t.equal(blamed('SetVariables', long), 'value')
})
