import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type RunningFleetgrid, startFleetgrid } from '../helpers/fleetgrid.ts'
import { until } from '../helpers/until.ts'
import { startStation, VERSIONS } from '../simulators/charge-points/stations.ts'

// What a charge point holds, as an operator sees it: a simulated charge point on a real socket.

const FAR = '2099-01-01T00:00:00.000Z'

interface Simulated {
  readonly service: RunningFleetgrid
  readonly path: string
  /** What it holds. */
  list(what: string): Promise<any>
  /** Asks for a change and waits for its outcome. */
  change(method: 'PUT' | 'PATCH' | 'POST' | 'DELETE', what: string, body?: object): Promise<any>
  command(kind: string, parameters?: object): Promise<any>
}

async function simulate(
  t: Test,
  protocol: (typeof VERSIONS)[number],
  env: Record<string, string> = {},
): Promise<Simulated> {
  const service = await startFleetgrid(t, env)
  for (const uid of ['CARD-1', 'CARD-2']) await service.send('PUT', `/id-tokens/${uid}`, {})
  const url = `${service.httpUrl.replace('http', 'ws')}/ocpp`
  const { station, id } = startStation(t, url, { protocol, speed: 20 })
  await until(() => station.isOnline, { what: 'the charge point online' })
  return operate(service, id)
}

function operate(service: RunningFleetgrid, id: string): Simulated {
  const path = `/charge-points/${id}`
  const outcome = async ({ status, body }: { status: number; body: any }) =>
    status === 202 ? (await service.get(`/commands/${body.id}?wait=30`)).body : body
  return {
    service,
    path,
    list: async (what) => (await service.get(`${path}/${what}`)).body,
    change: async (method, what, body) =>
      outcome(await service.send(method, `${path}/${what}`, body)),
    command: async (kind, parameters = {}) =>
      outcome(await service.send('POST', `${path}/commands`, { kind, parameters })),
  }
}

for (const protocol of VERSIONS) {
  const is16 = protocol === 'ocpp1.6'

  t.test(`${protocol}: what it has accepted and told`, async (t) => {
    const { service, path, list, change, command } = await simulate(t, protocol)

    t.test('profiles, set, replaced, cleared', async (t) => {
      const profile = (limit: number) => ({
        ...{ evseId: 1, stackLevel: 0, purpose: 'transaction-default', kind: 'absolute' },
        schedules: [{ unit: 'A', periods: [{ startSeconds: 0, limit }] }],
      })
      t.match(await change('PUT', 'charging-profiles/7', profile(16)), { state: 'accepted' })
      t.match((await list('charging-profiles')).chargingProfiles, [{ id: 7, ...profile(16) }])
      await change('PUT', 'charging-profiles/7', profile(10))
      t.match((await list('charging-profiles')).chargingProfiles, [{ id: 7, ...profile(10) }])
      const two = { ...profile(6), evseId: 2, stackLevel: 3 }
      await change('PUT', 'charging-profiles/8', two)
      t.equal((await list('charging-profiles')).chargingProfiles.length, 2)
      t.match(await change('DELETE', 'charging-profiles/7'), { state: 'accepted' })
      t.match((await list('charging-profiles')).chargingProfiles, [{ id: 8 }])
      await command('clear-charging-profile', { stackLevel: 3 })
      t.same(await list('charging-profiles'), { chargingProfiles: [], next: null })

      const purpose = 'transaction'
      const started = { ...profile(8), id: 9, purpose, kind: 'relative', evseId: undefined }
      const start = { evseId: 1, tokenUid: 'CARD-1', profile: started }
      t.match(await command('start-charging', start), { state: 'accepted' })
      await until(async () => (await list('charging-profiles')).chargingProfiles.length === 1)
      const { transactions } = (await service.get('/transactions?open=true')).body
      await command('stop-charging', { transactionId: transactions[0].id })
      await until(async () => (await list('charging-profiles')).chargingProfiles.length === 0, {
        what: 'the profile gone with its transaction',
      })
      await until(async () => {
        const { connectors } = (await service.get(path)).body
        return connectors.every(({ state }: { state: string }) => state === 'Available')
      })
    })

    t.test('reserved, listed, used, cancelled', async (t) => {
      const wish = { evseId: 1, tokenUid: 'CARD-1', expiresAt: FAR }
      const reserved = await change('POST', 'reservations', wish)
      t.match(reserved, { state: 'accepted', kind: 'reserve' })
      const { reservationId } = reserved.parameters
      const active = { ...wish, reservationId, state: 'active' }
      t.match((await list('reservations')).reservations, [active])
      t.match((await service.get('/reservations?state=active')).body, {
        reservations: [{ ...active, chargePointId: 'CP-0001' }],
        next: null,
      })
      await command('start-charging', { evseId: 1, tokenUid: 'CARD-1' })
      const used = await until(async () => {
        const { reservations } = await list('reservations')
        return reservations[0].state === 'used' ? reservations[0] : undefined
      })
      const { body } = await service.get('/transactions?open=true')
      t.equal(used.transactionId, body.transactions[0].id)
      t.same((await list('reservations?state=active')).reservations, [])

      const twelve = { ...wish, evseId: 2, reservationId: 12 }
      t.match(await change('POST', 'reservations', twelve), { state: 'accepted' })
      t.match(await change('DELETE', 'reservations/12'), { state: 'accepted' })
      t.match((await list('reservations?state=cancelled')).reservations, [{ reservationId: 12 }])
      t.match(await change('DELETE', 'reservations/12'), { state: 'rejected' })
      t.equal((await list('reservations')).reservations.length, 2)
      t.equal((await service.get('/reservations?state=used')).body.reservations.length, 1)
    })

    t.test('variables, told and set', async (t) => {
      const component = is16 ? {} : { component: 'OCPPCommCtrlr' }
      const heartbeat = { ...component, name: 'HeartbeatInterval' }
      t.match(await command('get-variables', { variables: [heartbeat] }), { state: 'accepted' })
      t.match((await list('variables')).variables, [heartbeat])
      const variables = [{ ...heartbeat, value: '77' }]
      t.match(await change('PATCH', 'variables', { variables }), { state: 'accepted' })
      const { variables: found } = await list('variables?name=heartbeatinterval')
      t.match(found, [{ ...heartbeat, value: '77', isReadOnly: false }])
      t.same((await list('variables?name=Heartbeat')).variables, [], 'a whole name')

      await (is16 ? command('get-variables') : command('get-base-report', { report: 'full' }))
      const all = await until(async () => {
        const page = await list('variables?limit=500')
        return page.variables.length > 30 ? page.variables : undefined
      })
      const known = all.find(({ name }: { name: string }) => name === 'HeartbeatInterval')
      t.match(known, { ...heartbeat, value: '77' })
      t.ok(all.some(({ isReadOnly }: { isReadOnly?: boolean }) => isReadOnly === true))
      const first = await list('variables?limit=2')
      t.same(first.variables, all.slice(0, 2))
      const second = await list(`variables?limit=2&after=${first.next}`)
      t.same(second.variables, all.slice(2, 4))

      const two = [...variables, { ...heartbeat, name: 'Nonsense', value: '1' }]
      const asked = await service.send('PATCH', `${path}/variables`, { variables: two })
      if (is16) t.match(asked, { status: 400, body: { detail: /one variable at a time/ } })
      else {
        const partly = await change('PATCH', 'variables', {
          variables: [{ ...heartbeat, value: '78' }, two[1]],
        })
        t.match(partly, { state: 'failed' })
        const [now] = (await list('variables?name=HeartbeatInterval')).variables
        t.equal(now.value, '78', 'what was accepted counts')
        t.same((await list('variables?name=Nonsense')).variables, [])
      }
    })

    t.test('certificates, installed, told, deleted', async (t) => {
      const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
      const install = { use: 'csms-root', certificate }
      t.match(await command('install-certificate', install), { state: 'accepted' })
      t.match((await list('certificates')).certificates, [{ use: 'csms-root' }])
      await command('get-installed-certificate-ids', { uses: ['csms-root'] })
      const { certificates } = await list('certificates')
      t.match(certificates, [{ use: 'csms-root', hash: { hashAlgorithm: 'SHA256' } }])
      const { hash } = certificates[0]
      t.match(await command('delete-certificate', { certificate: hash }), { state: 'accepted' })
      t.same((await list('certificates')).certificates, [])
    })

    t.test('a password is changed, and never shown', async (t) => {
      const password = is16 ? 'AA'.repeat(16) : 'another password!'
      const variable = is16
        ? { name: 'AuthorizationKey' }
        : { component: 'SecurityCtrlr', name: 'BasicAuthPassword' }
      const variables = [{ ...variable, value: password }]
      t.match(await change('PATCH', 'variables', { variables }), { state: 'accepted' })
      const { variables: found } = await list(`variables?name=${variable.name}`)
      t.match(found, [{ ...variable, isSecret: true }])
      t.notMatch(JSON.stringify(found), password)
      t.match((await service.get(path)).body, { hasKey: true })
      const stored = await service.fleetgrid.ports.charging.holdings.list({
        ...{ chargePointId: 'CP-0001', kind: 'variable', limit: 99 },
      })
      t.notMatch(JSON.stringify(stored), password)
    })

    t.test('a refused reservation is none; one past its time is over', async (t) => {
      const wish = { evseId: 2, tokenUid: 'CARD-1', expiresAt: FAR, reservationId: 21 }
      t.match(await change('POST', 'reservations', wish), { state: 'accepted' })
      const other = { ...wish, tokenUid: 'CARD-2', reservationId: 22 }
      t.match(await change('POST', 'reservations', other), { state: 'rejected' })
      const { reservations } = await list('reservations?state=active')
      t.match(reservations, [{ reservationId: 21 }])
      t.equal(reservations.length, 1)
      service.clock.ahead = Date.parse(FAR) - Date.now() + 1000
      t.match((await list('reservations?state=expired')).reservations, [{ reservationId: 21 }])
      t.same((await service.get('/reservations?state=active')).body.reservations, [])
      t.equal((await service.get('/reservations?state=expired')).body.reservations.length, 1)
    })
  })

  t.test(`${protocol}: the local list, counted up and kept over a restart`, async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'fleetgrid-holdings-'))
    t.teardown(() => rm(dataDir, { recursive: true, force: true }))
    const { service, list, change, command } = await simulate(t, protocol, { DATA_DIR: dataDir })
    t.same(await list('local-list'), { version: null, isInDoubt: false, tokens: [], next: null })
    const entry = (tokenUid: string, status?: string) => ({ tokenUid, ...(status && { status }) })
    const tokens = ['A', 'B', 'C'].map((uid) => entry(uid, 'Accepted'))
    const full = await change('PUT', 'local-list', { tokens })
    t.match(full, { state: 'accepted', parameters: { version: 1, mode: 'full' } })
    const update = { tokens: [entry('b', 'Blocked'), entry('A'), entry('D', 'Accepted')] }
    const updated = await change('PATCH', 'local-list', update)
    t.match(updated, { state: 'accepted', parameters: { version: 2 } })
    const wished = await change('PATCH', 'local-list', { version: 9, tokens: [entry('C')] })
    t.match(wished, { state: 'accepted' })
    const held = {
      version: 9,
      isInDoubt: false,
      tokens: [entry('b', 'Blocked'), { tokenUid: 'D' }],
    }
    t.match(await list('local-list'), held)
    await command('get-local-list-version')
    t.match(await list('local-list'), held)
    const old = await change('PATCH', 'local-list', { version: 3, tokens })
    t.match(old, { state: 'rejected', reason: 'VersionMismatch' })
    t.match(await list('local-list'), held, 'what is refused changes nothing')
    await service.fleetgrid.drain()
    await service.fleetgrid.close()

    const again = operate(await startFleetgrid(t, { DATA_DIR: dataDir }), 'CP-0001')
    t.match(await again.list('local-list'), held)
    const [first, second] = await Promise.all([
      again.service.send('PATCH', `${again.path}/local-list`, { tokens }),
      again.service.send('PATCH', `${again.path}/local-list`, { tokens }),
    ])
    const versions = [first?.body.parameters.version, second?.body.parameters.version]
    t.ok(Math.min(...versions) > 9, `${versions}`)
    t.not(versions[0], versions[1], 'they wait for it, one after the other')
  })
}

t.test('who may ask, and for what', async (t) => {
  const service = await startFleetgrid(t)
  await service.send('PUT', '/charge-points/CP-1', {})
  const lists = ['reservations', 'charging-profiles', 'variables', 'local-list', 'certificates']
  for (const what of lists) {
    t.equal((await service.get(`/charge-points/CP-1/${what}`)).status, 200, what)
    t.equal((await service.get(`/charge-points/CP-2/${what}`)).status, 404, what)
    t.equal((await service.get(`/charge-points/CP-1/${what}`, 'viewer')).status, 403, what)
    const wrong = await service.get(`/charge-points/CP-1/${what}?after=nonsense`)
    t.equal(wrong.status, 400, what)
  }
  t.equal((await service.get('/reservations', 'viewer')).status, 403)
  t.equal((await service.get('/reservations?state=gone')).status, 400)
  t.equal((await service.get('/reservations?after=nonsense')).status, 400)
  const wish = { evseId: 1, tokenUid: 'X', expiresAt: FAR }
  const path = '/charge-points/CP-1'
  const asked = [
    await service.send('POST', `${path}/reservations`, { ...wish, expiresAt: 'soon' }),
    await service.send('POST', `${path}/reservations`, { ...wish, more: 1 }),
    await service.send('DELETE', `${path}/reservations/x`),
    await service.send('PUT', `${path}/charging-profiles/1`, { id: 1 }),
    await service.send('PATCH', `${path}/variables`, { variables: [] }),
    await service.send('PUT', `${path}/local-list`, {}),
    await service.send('PUT', `${path}/local-list?expiresInSeconds=0`, { tokens: [] }),
  ]
  t.same(
    asked.map(({ status }) => status),
    asked.map(() => 400),
  )
  t.equal((await service.send('POST', '/charge-points/CP-2/reservations', wish)).status, 404)
  t.equal((await service.send('PUT', '/charge-points/CP-2/local-list', { tokens: [] })).status, 404)
  const { holdings } = service.fleetgrid.ports.charging
  t.equal(await holdings.nextListVersion('CP-2', 0), 1, 'none was counted')
})

t.test('reservations of all charge points, page by page', async (t) => {
  const service = await startFleetgrid(t)
  const { holdings } = service.fleetgrid.ports.charging
  const ids = ['A', 'B', 'C', 'D', 'E']
  for (const [n, chargePointId] of ids.entries()) {
    const expiresAt = Date.parse(FAR) + (n % 2)
    const document = { reservationId: 1, tokenUid: 'T' }
    const put = [{ kind: 'reservation', key: '1', state: 'active', document, expiresAt } as const]
    await holdings.change({ chargePointId, at: 1, put })
  }
  const seen: string[] = []
  let path = '/reservations?state=active&limit=2'
  for (;;) {
    const { body } = await service.get(path)
    seen.push(...body.reservations.map((one: { chargePointId: string }) => one.chargePointId))
    if (body.next === null) break
    path = `/reservations?state=active&limit=2&after=${body.next}`
  }
  t.same(seen, ['D', 'B', 'E', 'C', 'A'])
})
