import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { ChargePointKeys } from '../../src/charging/charge-point-keys.ts'
import {
  type AcceptedCommand,
  createCommandEffects,
  hasEffectIfRefused,
} from '../../src/charging/command-effects.ts'
import type { CommandKind } from '../../src/charging/command-kinds.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Holding, HoldingKind } from '../../src/ports/charge-point-holdings.ts'
import { makeAuthority } from '../helpers/certificates.ts'
import { createChargingWorld, NOW } from '../helpers/charging-world.ts'

// What answers of charge points change, where a simulated one would not say them.

const world = await createChargingWorld(t)
const { holdings, chargePoints } = world.stores
const keys = new ChargePointKeys({ secret: 'a secret of thirty-two characters' })
const effects = createCommandEffects({ holdings, chargePoints, keys })
let time = NOW

async function answered(
  chargePointId: string,
  kind: CommandKind,
  parameters: object,
  answer: object,
): Promise<AcceptedCommand> {
  time += 1000
  const command = {
    ...{ chargePointId, kind, at: time },
    parameters: parameters as JsonObject,
    answer: answer as JsonObject,
  }
  await effects.apply(command)
  return command
}

async function held(chargePointId: string, kind: HoldingKind): Promise<readonly Holding[]> {
  return holdings.list({ chargePointId, kind, limit: 99 })
}

const documents = async (chargePointId: string, kind: HoldingKind) =>
  (await held(chargePointId, kind)).map(({ document }) => document)

const ACCEPTED = { status: 'Accepted' }

t.test('the same command twice is one effect', async (t) => {
  const { id } = await world.connect('2.0.1')
  const tokens = [{ tokenUid: 'A', status: 'Accepted' }]
  const commands = [
    await answered(id, 'send-local-list', { version: 1, mode: 'full', tokens }, ACCEPTED),
    await answered(
      id,
      'send-local-list',
      { version: 2, mode: 'differential', tokens: [{ tokenUid: 'a' }] },
      ACCEPTED,
    ),
  ]
  const before = await held(id, 'local-list')
  t.match(before, [{ key: 'version', document: { version: 2 } }])
  await effects.apply(commands[1] as AcceptedCommand)
  t.strictSame(await held(id, 'local-list'), before)
})

t.test('what can not be stored is not done', async (t) => {
  const away = new FleetgridError('unavailable', 'the database is away')
  const store = new Proxy({} as never, { get: () => () => Promise.reject(away) })
  const lost = createCommandEffects({ holdings: store, chargePoints: store, keys })
  const base = { chargePointId: 'A', at: NOW, answer: ACCEPTED }
  const variables = [{ name: 'AuthorizationKey', value: 'AA'.repeat(16) }]
  const parameters = { reservationId: 1, tokenUid: 'A', expiresAt: '2026-04-06T12:00:00Z' }
  await t.rejects(lost.apply({ ...base, kind: 'reserve', parameters }), away)
  const set = { ...base, kind: 'set-variables', parameters: { variables } } as const
  await t.rejects(lost.apply(set), away)
  await lost.apply({ ...base, kind: 'reset', parameters: {} })
  t.pass('a kind that changes nothing asks for nothing')
})

t.test('refused answers that tell something', async (t) => {
  const { id } = await world.connect('1.6')
  const schedules = [{ unit: 'A', periods: [{ startSeconds: 0, limit: 16 }] }]
  const profile = { id: 1, stackLevel: 0, purpose: 'station-max', kind: 'absolute', schedules }
  await answered(id, 'set-charging-profile', { profile }, ACCEPTED)
  await answered(id, 'clear-charging-profile', { profileId: 2 }, { status: 'Unknown' })
  t.equal((await held(id, 'charging-profile')).length, 1)
  await answered(id, 'clear-charging-profile', { evseId: 0 }, { status: 'Unknown' })
  t.equal((await held(id, 'charging-profile')).length, 0, 'it has none of them')

  const list = { version: 5, mode: 'full', tokens: [{ tokenUid: 'A', status: 'Accepted' }] }
  await answered(id, 'send-local-list', list, ACCEPTED)
  await answered(id, 'get-local-list-version', {}, { listVersion: 6 })
  t.match(await documents(id, 'local-list'), [{ tokenUid: 'A' }, { version: 6, isInDoubt: true }])
  const more = { ...list, version: 7, mode: 'differential' }
  await answered(id, 'send-local-list', more, ACCEPTED)
  t.match(await documents(id, 'local-list'), [{ tokenUid: 'A' }, { version: 7, isInDoubt: true }])
  await answered(id, 'send-local-list', { ...list, version: 8 }, ACCEPTED)
  t.strictSame((await documents(id, 'local-list'))[1], { version: 8 }, 'in full, it is known again')
  await answered(id, 'get-local-list-version', {}, { listVersion: -1 })
  t.strictSame(await documents(id, 'local-list'), [{ version: 0 }])

  const kinds = ['get-local-list-version', 'clear-charging-profile', 'set-variables'] as const
  t.ok(kinds.every(hasEffectIfRefused))
  t.notOk(hasEffectIfRefused('reserve'))
})

t.test('a profile takes the place of those that it replaces', async (t) => {
  const { id } = await world.connect('2.0.1')
  const schedules = [{ unit: 'A', periods: [{ startSeconds: 0, limit: 16 }] }]
  const set = async (evseId: number, profile: object) => {
    const whole = { stackLevel: 0, purpose: 'transaction-default', kind: 'absolute', schedules }
    const parameters = { evseId, profile: { ...whole, ...profile } }
    await answered(id, 'set-charging-profile', parameters, ACCEPTED)
    return (await held(id, 'charging-profile')).map(({ key }) => key)
  }
  t.strictSame(await set(1, { id: 1 }), ['1'])
  t.strictSame(await set(2, { id: 2 }), ['1', '2'])
  t.strictSame(await set(1, { id: 3 }), ['2', '3'], 'of the same place, purpose and level')
  t.strictSame(await set(1, { id: 4, stackLevel: 1 }), ['2', '3', '4'])
  const first = { purpose: 'transaction', transactionId: 'T/1' }
  t.strictSame(await set(1, { id: 5, ...first }), ['2', '3', '4', '5'])
  t.strictSame(await set(1, { id: 6, ...first, stackLevel: 1 }), ['2', '3', '4', '5', '6'])
  const next = { ...first, transactionId: 'T/2' }
  t.strictSame(await set(1, { id: 7, ...next }), ['2', '3', '4', '7'], 'the one before is over')
})

t.test('variables of 1.6: all of them, unknown ones, secrets, a reboot', async (t) => {
  const { id } = await world.connect('1.6')
  const key = (name: string, value?: string, readonly = false) => ({ key: name, readonly, value })
  const all = [key('A', '1'), key('B', '2', true), key('AuthorizationKey', 'secret')]
  await answered(id, 'get-variables', {}, { configurationKey: all })
  t.strictSame(await documents(id, 'variable'), [
    { name: 'A', value: '1', isReadOnly: false },
    { name: 'AuthorizationKey', isReadOnly: false, isSecret: true },
    { name: 'B', value: '2', isReadOnly: true },
  ])
  const variables = [{ name: 'a', value: '5' }]
  await answered(id, 'set-variables', { variables }, { status: 'RebootRequired' })
  const [reboot] = await documents(id, 'variable')
  t.strictSame(reboot, { name: 'a', value: '5', isReadOnly: false, needsReboot: true })
  await answered(id, 'set-variables', { variables: [{ name: 'A', value: '6' }] }, ACCEPTED)
  const [accepted] = await documents(id, 'variable')
  t.strictSame(accepted, { name: 'A', value: '6', isReadOnly: false })
  await answered(id, 'set-variables', { variables }, { status: 'Rejected' })
  t.strictSame((await documents(id, 'variable'))[0], accepted)
  const asked = { variables: [{ name: 'A' }, { name: 'B' }] }
  const told = { configurationKey: [key('A', '7')], unknownKey: ['B'] }
  await answered(id, 'get-variables', asked, told)
  t.match(await documents(id, 'variable'), [{ name: 'A', value: '7' }, { isSecret: true }])
  await answered(id, 'get-variables', {}, { configurationKey: [key('C', 'x')] })
  t.match(await documents(id, 'variable'), [{ name: 'C' }], 'the others are gone')
  t.equal((await held(id, 'variable')).length, 1)
})

t.test('variables of 2.0.1: each has its own answer', async (t) => {
  const { id } = await world.connect('2.0.1')
  const place = { component: 'EVSE', evseId: 1, name: 'Power', instance: 'x' }
  const wire = (name: string, attributeStatus: string, more: object = {}) => ({
    ...{ attributeStatus, variable: { name, instance: 'x' } },
    ...{ component: { name: 'EVSE', evse: { id: 1 } }, ...more },
  })
  const variables = ['Power', 'Other', 'Third'].map((name) => ({ ...place, name, value: name }))
  const max = { ...place, attribute: 'max', value: '9' }
  const setVariableResult = [
    wire('Third', 'RebootRequired'),
    wire('OTHER', 'Rejected'),
    wire('power', 'Accepted'),
    wire('Power', 'Accepted', { attributeType: 'MaxSet' }),
  ]
  const parameters = { variables: [...variables, max] }
  await answered(id, 'set-variables', parameters, { setVariableResult })
  const facts = { isReadOnly: false }
  t.strictSame(await documents(id, 'variable'), [
    { ...place, ...facts, value: 'Power' },
    { ...place, attribute: 'max', value: '9', ...facts },
    { ...place, name: 'Third', value: 'Third', ...facts, needsReboot: true },
  ])
  const getVariableResult = [
    wire('Power', 'Accepted', { attributeType: 'Actual', attributeValue: '11' }),
    wire('Third', 'UnknownVariable'),
    wire('Nothing', 'NotSupportedAttributeType'),
  ]
  await answered(id, 'get-variables', { variables: [place] }, { getVariableResult })
  t.match(await documents(id, 'variable'), [{ value: '11', isReadOnly: false }, { value: '9' }])
  t.equal((await held(id, 'variable')).length, 2)
})

t.test('the password changes if the charge point has taken it', async (t) => {
  const { id } = await world.connect('2.0.1')
  const component = { name: 'SecurityCtrlr' }
  const variable = { component: 'SecurityCtrlr', name: 'BasicAuthPassword' }
  const other = { component: 'SecurityCtrlr', name: 'Identity', value: 'x' }
  const set = async (password: string, status: string) => {
    const variables = [{ ...variable, value: password }, other]
    const setVariableResult = [
      { attributeStatus: 'Accepted', component, variable: { name: 'Identity' } },
      { attributeStatus: status, component, variable: { name: 'BasicAuthPassword' } },
    ]
    await answered(id, 'set-variables', { variables }, { setVariableResult })
    return (await chargePoints.find(id))?.keyHash
  }
  const key = Buffer.from('a password of 20 chr')
  t.equal(await set(key.toString(), 'Rejected'), undefined)
  const hash = await set(key.toString(), 'Accepted')
  t.ok(keys.matches(id, key, hash ?? ''))
  t.equal(await set('another one, refused', 'Rejected'), hash)
})

t.test('certificates: sent, told, deleted', async (t) => {
  const { id } = await world.connect('2.0.1')
  const authority = await makeAuthority(t, 'Fleetgrid test root')
  const certificate = await readFile(authority.certificate, 'utf8')
  const { serialNumber, fingerprint256 } = new X509Certificate(certificate)
  await answered(id, 'install-certificate', { use: 'csms-root', certificate }, ACCEPTED)
  const fingerprint = fingerprint256.replaceAll(':', '')
  t.match(await documents(id, 'certificate'), [
    { use: 'csms-root', fingerprint, subject: /Fleetgrid test root/, validTo: /Z$/ },
  ])
  const hash = {
    ...{ hashAlgorithm: 'SHA256', issuerNameHash: 'aa', issuerKeyHash: 'bb' },
    serialNumber: `00${serialNumber.toLowerCase()}`,
  }
  const chain = (certificateType: string, serialNumber: string) => ({
    certificateType,
    certificateHashData: { ...hash, serialNumber },
    ...(certificateType.endsWith('Chain') && { childCertificateHashData: [hash] }),
  })
  const told = {
    status: 'Accepted',
    certificateHashDataChain: [
      chain('CSMSRootCertificate', hash.serialNumber),
      chain('V2GCertificateChain', '07'),
    ],
  }
  await answered(id, 'get-installed-certificate-ids', {}, told)
  t.match(await documents(id, 'certificate'), [
    { use: 'csms-root', hash, fingerprint },
    { use: 'v2g-certificate-chain', hash: { serialNumber: '07' }, children: [hash] },
  ])
  const asked = { uses: ['v2g-certificate-chain', 'mo-root'] }
  await answered(id, 'get-installed-certificate-ids', asked, { status: 'NotFound' })
  t.match(await documents(id, 'certificate'), [{ use: 'csms-root' }], 'of others it was not asked')
  await answered(id, 'delete-certificate', { certificate: hash }, { status: 'Failed' })
  t.equal((await held(id, 'certificate')).length, 1)
  await answered(id, 'delete-certificate', { certificate: hash }, { status: 'NotFound' })
  t.equal((await held(id, 'certificate')).length, 0)

  await answered(id, 'install-certificate', { use: 'mo-root', certificate }, ACCEPTED)
  await answered(id, 'delete-certificate', { certificate: hash }, ACCEPTED)
  t.equal((await held(id, 'certificate')).length, 0, 'by its number, if it has told no hash')
  await answered(id, 'install-signed-certificate', { certificateChain: certificate }, ACCEPTED)
  await answered(id, 'install-signed-certificate', { certificateChain: 'what?' }, ACCEPTED)
  t.strictSame(await documents(id, 'certificate'), [{ use: 'charging-station' }])
})
