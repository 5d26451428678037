import t from 'tap'
import { acceptedPowerW, type Car, charge } from '../../../simulators/charge-points/curve.ts'
import { createIdentity } from '../../../simulators/charge-points/identity.ts'
import { LocalList } from '../../../simulators/charge-points/local-list.ts'
import { planSession } from '../../../simulators/charge-points/plan.ts'
import { type Profile, Profiles } from '../../../simulators/charge-points/profiles.ts'
import { Scheduler } from '../../../simulators/charge-points/scheduler.ts'
import { until } from '../../helpers/until.ts'

const RATES = { sessionsPerHour: 2, faultRate: 0.5, offlineRate: 0.5 }

t.test('the same seed brings the same stations and cars, another one others', async (t) => {
  const plans = (seed: string) =>
    Array.from({ length: 20 }, (_, number) => {
      const identity = createIdentity(seed, 'CP-', number)
      return planSession(seed, identity, { evseId: 1, evses: 2, number }, RATES)
    })
  t.same(plans('1'), plans('1'))
  t.not(JSON.stringify(plans('1')), JSON.stringify(plans('2')))
  t.ok(plans('1').some(({ fault }) => fault !== undefined))
  t.ok(plans('1').some(({ offline }) => offline === undefined))
})

t.test('so many cars an hour, on average', async (t) => {
  const identity = createIdentity('1', 'CP-', 0)
  const gaps = Array.from(
    { length: 2000 },
    (_, number) =>
      planSession('1', identity, { evseId: 1, evses: 2, number: number + 1 }, RATES).gapS,
  )
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  t.ok(mean > 3300 && mean < 3900, `${mean} s between two cars at one of two places`)
})

t.test('power is constant, then tapers, then the car has had enough', async (t) => {
  const car: Car = { batteryWh: 50_000, powerMaxW: 50_000, taperFrom: 0.7, targetSoc: 1, soc: 0.2 }
  t.equal(acceptedPowerW(car), 50_000)
  const powers: number[] = []
  let energyWh = 0
  for (let minute = 0; minute < 240 && acceptedPowerW(car) > 0; minute++) {
    powers.push(acceptedPowerW(car))
    energyWh += charge(car, 60, Infinity).energyWh
  }
  t.ok(powers.every((power, index) => index === 0 || power <= (powers[index - 1] ?? 0)))
  t.ok((powers.at(-1) ?? 0) < 10_000)
  t.equal(car.soc, 1)
  t.ok(Math.abs(energyWh - 40_000) < 1, `${energyWh} Wh`)
  t.same(charge(car, 3600, Infinity), { energyWh: 0, powerW: 0 })
})

t.test('a limit is kept, and below 6 A nothing flows', async (t) => {
  const car: Car = { batteryWh: 50_000, powerMaxW: 22_000, taperFrom: 0.9, targetSoc: 1, soc: 0.2 }
  t.match(charge(car, 3600, 5000), { powerW: 5000 })
  t.ok(Math.abs(car.soc - 0.3) < 1e-9)
  t.same(charge(car, 3600, 1000), { energyWh: 0, powerW: 0 })
})

const charger = { evseId: 1, powerMaxW: 22_080, voltageV: 230, phases: 3, startedAt: 1_000_000 }

function profile(more: Partial<Profile>): Profile {
  return {
    id: 1,
    evseId: 1,
    stackLevel: 0,
    purpose: 'default',
    kind: 'Absolute',
    recurrency: undefined,
    validFrom: undefined,
    validTo: undefined,
    schedule: {
      startAt: 0,
      durationS: undefined,
      unit: 'W',
      periods: [{ startS: 0, limit: 11_000 }],
    },
    original: {},
    ...more,
  }
}

const periods = (...pairs: [startS: number, limit: number][]) => ({
  startAt: 0,
  durationS: undefined,
  unit: 'W' as const,
  periods: pairs.map(([startS, limit]) => ({ startS, limit })),
})

t.test(
  'of profiles: the transaction before the default, the higher level, the station last',
  async (t) => {
    const profiles = new Profiles()
    t.equal(profiles.limitAt(charger, 5), 22_080)
    profiles.set(profile({}))
    t.equal(profiles.limitAt(charger, 5), 11_000)
    profiles.set(profile({ id: 2, stackLevel: 1, schedule: periods([0, 9000]) }))
    t.equal(profiles.limitAt(charger, 5), 9000)
    profiles.set(profile({ id: 3, purpose: 'transaction', schedule: periods([0, 15_000]) }))
    t.equal(profiles.limitAt(charger, 5), 15_000)
    profiles.set(profile({ id: 4, evseId: 0, purpose: 'station', schedule: periods([0, 6000]) }))
    t.equal(profiles.limitAt(charger, 5), 6000)
    t.equal(profiles.limitAt({ ...charger, evseId: 2 }, 5), 6000)
    profiles.set(profile({ id: 5, evseId: 0, purpose: 'station', schedule: periods([0, 7000]) }))
    t.equal(profiles.list({}).length, 4, 'the same place, purpose and level: replaced')
    t.equal(profiles.limitAt(charger, 5), 7000)
    profiles.endTransaction(1)
    t.equal(profiles.clear({ purpose: 'station' }), 1)
    t.equal(profiles.limitAt(charger, 5), 9000)
  },
)

t.test('amperes, validity, relative and recurring times', async (t) => {
  const limit = (more: Partial<Profile>, atMs: number) => {
    const profiles = new Profiles()
    profiles.set(profile(more))
    return profiles.limitAt(charger, atMs)
  }
  const amperes = { ...periods([0, 16]), unit: 'A' as const }
  t.equal(limit({ schedule: amperes }, 5), 11_040)
  t.equal(limit({ validFrom: 100, validTo: 200 }, 50), 22_080)
  t.equal(limit({ validFrom: 100, validTo: 200 }, 150), 11_000)
  t.equal(limit({ validFrom: 100, validTo: 200 }, 200), 22_080)
  const schedule = periods([0, 5000], [60, 8000])
  t.equal(limit({ kind: 'Relative', schedule }, 1_000_000), 5000)
  t.equal(limit({ kind: 'Relative', schedule }, 1_061_000), 8000)
  const daily = { kind: 'Recurring', recurrency: 'Daily', schedule } as const
  t.equal(limit(daily, 10 * 86_400_000 + 30_000), 5000)
  t.equal(limit(daily, 10 * 86_400_000 + 90_000), 8000)
})

t.test('what comes of all profiles, over time', async (t) => {
  const profiles = new Profiles()
  profiles.set(profile({ schedule: { ...periods([0, 5000], [60, 8000]), durationS: 120 } }))
  profiles.set(
    profile({ id: 2, evseId: 0, purpose: 'station', schedule: periods([0, 20_000], [90, 6000]) }),
  )
  t.same(profiles.compose(charger, 0, 300, 'W'), [
    { startS: 0, limit: 5000 },
    { startS: 60, limit: 8000 },
    { startS: 90, limit: 6000 },
  ])
  t.same(profiles.compose(charger, 70_000, 10, 'A'), [{ startS: 0, limit: 11.6 }])
})

t.test('the local list: versions, updates, no regard to case', async (t) => {
  const list = new LocalList()
  t.equal(list.update(1, [{ token: 'a', status: 'Accepted' }]), 'Accepted')
  t.equal(list.update(1, []), 'VersionMismatch')
  t.equal(list.replace(0, []), 'Failed')
  t.equal(list.statusOf('A'), 'Accepted')
  t.equal(list.update(2, [{ token: 'A', status: undefined }]), 'Accepted')
  t.equal(list.statusOf('a'), undefined)
  t.equal(list.replace(1, [{ token: 'b', status: 'Blocked' }]), 'Accepted', 'any version')
  t.equal(list.version, 1)
  for (let number = 0; number < 300; number++) list.remember(`T${number}`)
  t.notOk(list.knows('T0'), 'bounded')
  t.ok(list.knows('T299'))
})

t.test('the scheduler: in order, at its speed, what is cancelled not', async (t) => {
  const scheduler = new Scheduler(1000)
  t.teardown(() => scheduler.stop())
  const happened: number[] = []
  for (const seconds of [30, 10, 20, 10.5, 40]) {
    scheduler.later(seconds, () => happened.push(seconds))
  }
  scheduler.later(15, () => happened.push(15)).cancel()
  scheduler.after(5, () => happened.push(5))
  // Made of something that is no number: it must not hold the others up.
  scheduler.after(Number.NaN, () => happened.push(0))
  await until(() => happened.length === 7)
  t.same(happened, [0, 5, 10, 10.5, 20, 30, 40])
})
