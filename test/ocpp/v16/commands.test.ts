import t from 'tap'
import type { JsonObject } from '../../../src/domain/json.ts'
import { CASES, profile, schedule, TX_PROFILE, UID } from './command-cases.ts'
import { compose, faultOf, read } from './station.ts'

for (const [action, { kind, parameters, request, answers, unsayable = [] }] of Object.entries(
  CASES,
)) {
  t.test(`1.6 ${action}: says ${kind}`, async (t) => {
    t.strictSame(compose(kind, parameters), [action, request])
  })

  t.test(`1.6 ${action}: what the answers mean`, async (t) => {
    for (const [status, state] of Object.entries(answers)) {
      const { reason, ...result } = read(action, { status })
      t.strictSame(result, { state, answer: { status } }, status)
      t.equal(reason, state === 'accepted' ? undefined : status)
    }
    t.match(faultOf('Response', action, { status: 'Whatever' }), /^(property|syntax|occurrence)/)
  })

  t.test(`1.6 ${action}: what it can't say`, async (t) => {
    for (const [wrong, reason] of unsayable) {
      const { message, field } = refusal(kind, wrong)
      t.match(message, reason)
      t.match(message, /^OCPP 1\.6: /, 'for people')
      t.type(field, 'string')
    }
  })
}

function refusal(kind: string, parameters: JsonObject): { message?: string; field?: unknown } {
  try {
    return { message: `composed ${JSON.stringify(compose(kind, parameters))}` }
  } catch (error) {
    const { kind, publicMessage, details } = error as Record<string, any>
    return kind === 'invalid' ? { message: publicMessage, field: details?.field } : {}
  }
}

t.test('1.6 RemoteStartTransaction: with a profile of its own, on any connector', async (t) => {
  t.match(compose('start-charging', { tokenUid: UID, profile: TX_PROFILE }), [
    'RemoteStartTransaction',
    {
      idTag: UID,
      connectorId: undefined,
      chargingProfile: { chargingProfilePurpose: 'TxProfile', chargingProfileKind: 'Relative' },
    },
  ])
})

t.test('1.6 Reset: hard', async (t) => {
  t.strictSame(compose('reset', { how: 'hard', evseId: 0 }), ['Reset', { type: 'Hard' }])
})

t.test('1.6 ChangeAvailability: of the charge point as a whole', async (t) => {
  const request = { connectorId: 0, type: 'Operative' }
  t.strictSame(compose('change-availability', { isOperative: true }), [
    'ChangeAvailability',
    request,
  ])
})

t.test('1.6 GetConfiguration: everything; what it has not is no failure', async (t) => {
  t.strictSame(compose('get-variables', {}), ['GetConfiguration', {}])
  const answer = { unknownKey: ['Colour'] }
  t.strictSame(read('GetConfiguration', answer), { state: 'accepted', answer })
})

t.test('1.6 UpdateFirmware: its answer says nothing', async (t) => {
  t.strictSame(read('UpdateFirmware', {}), { state: 'accepted', answer: {} })
})

t.test('1.6 GetDiagnostics: without a file there is nothing', async (t) => {
  const answer = { fileName: 'diagnostics.zip' }
  t.strictSame(read('GetDiagnostics', answer), { state: 'accepted', answer })
  t.match(read('GetDiagnostics', {}), { state: 'failed', reason: 'It has no diagnostics' })
})

t.test('1.6 SendLocalList: a list of nobody is empty', async (t) => {
  const request = { listVersion: 3, updateType: 'Full' }
  t.strictSame(compose('send-local-list', { version: 3, mode: 'full', tokens: [] }), [
    'SendLocalList',
    request,
  ])
})

t.test('1.6 GetLocalListVersion: −1 is none at all', async (t) => {
  t.match(read('GetLocalListVersion', { listVersion: 0 }), { state: 'accepted' })
  t.match(read('GetLocalListVersion', { listVersion: -1 }), { state: 'failed' })
})

t.test('1.6 ReserveNow: any connector', async (t) => {
  const reservation = { tokenUid: UID, expiresAt: '2026-04-06T19:00:00Z', reservationId: 1 }
  t.match(compose('reserve', reservation), ['ReserveNow', { connectorId: 0 }])
})

t.test('1.6 SetChargingProfile: of a transaction, with all that can be said', async (t) => {
  const full = profile({
    purpose: 'transaction',
    kind: 'absolute',
    transactionId: 'CP-1/4711',
    validFrom: '2026-04-06T00:00:00Z',
    validTo: '2026-04-07T00:00:00Z',
    schedules: [schedule({ startsAt: '2026-04-06T10:00:00Z', durationSeconds: 60, minRate: 0.3 })],
  })
  t.match(compose('set-charging-profile', { evseId: 1, profile: full }), [
    'SetChargingProfile',
    {
      csChargingProfiles: {
        transactionId: 4711,
        validFrom: '2026-04-06T00:00:00Z',
        validTo: '2026-04-07T00:00:00Z',
        chargingSchedule: {
          startSchedule: '2026-04-06T10:00:00Z',
          duration: 60,
          minChargingRate: 0.3,
        },
      },
    },
  ])
})

t.test('1.6 TriggerMessage, ExtendedTriggerMessage: each message is said by one', async (t) => {
  const said = (message: string) => compose('trigger-message', { message })[0]
  for (const message of ['boot', 'heartbeat', 'status', 'meter-values', 'diagnostics-status']) {
    t.equal(said(message), 'TriggerMessage', message)
  }
  t.equal(said('firmware-status'), 'TriggerMessage')
  for (const message of ['signed-firmware-status', 'log-status', 'sign-certificate']) {
    t.equal(said(message), 'ExtendedTriggerMessage', message)
  }
  for (const message of ['transaction', 'sign-v2g-certificate', 'sign-combined-certificate']) {
    t.throws(() => said(message), /1.6 has no trigger-message/, message)
  }
})
