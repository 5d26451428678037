import t, { type Test } from 'tap'
import { createChargingStores } from '../../src/adapters/charging/create-charging-stores.ts'
import type { Database } from '../../src/adapters/database/database.ts'
import { createEmbeddedDatabase } from '../../src/adapters/database/embedded.ts'
import { createServices } from '../../src/charging/create-services.ts'
import type { ChargingServices } from '../../src/charging/services.ts'
import type { ProtocolVersion } from '../../src/domain/charge-point.ts'
import { FleetgridError } from '../../src/domain/errors.ts'
import type { ActionTable, InboundCall } from '../../src/ocpp/action.ts'
import { actions16 } from '../../src/ocpp/v16/actions.ts'
import { actions201 } from '../../src/ocpp/v201/actions.ts'
import { type Station, startGateway, type TestGateway } from '../helpers/ocpp.ts'
import { createRandom } from '../helpers/random.ts'

// A thousand transactions of each version. Each message of theirs can be cut off anywhere between the
// charge point and the store, on the way there and back, and commits fail; the charge point comes back, to
// this instance or another one, and tells it again until it has its answer. Each is there once in the end.

const ROUNDS = 1000
const AT_ONCE = 100
const SEED = 20_261_122
const FIRST_AT = Date.parse('2026-11-21T10:00:00Z')
const TOKEN = 'CARD'

/** Where the message is when its connection ends, or its instance dies. */
const CUTS = ['told', 'on its way', 'stored', 'answered'] as const
type Moment = (typeof CUTS)[number] | 'nowhere'

/** What becomes of the next messages of each charge point. */
class Fates {
  readonly seen = new Map<Moment, number>()
  readonly #next = new Map<string, { readonly moment: Moment; readonly reached: () => void }>()

  /** @returns when the message has come so far */
  decide(id: string, moment: Moment): Promise<void> {
    this.seen.set(moment, (this.seen.get(moment) ?? 0) + 1)
    return new Promise((reached) => this.#next.set(id, { moment, reached }))
  }

  /** For ever, if it ends here. */
  async pass(id: string, moment: Moment): Promise<void> {
    const fate = this.#next.get(id)
    if (fate?.moment !== moment) return
    fate.reached()
    await new Promise(() => {})
  }
}

/** The table of a version, on these services; instances die in the middle of it. */
function cutTable(table: ActionTable, services: ChargingServices, fates: Fates): ActionTable {
  const rows = Object.entries(table).map(([name, row]) => {
    const { from } = row
    if (from === undefined) return [name, row]
    const handle = async (call: InboundCall<never>): Promise<object> => {
      await fates.pass(call.session.id, 'on its way')
      const answer = await from.handle({ ...call, services })
      await fates.pass(call.session.id, 'stored')
      return answer
    }
    return [name, { ...row, from: { ...from, handle } }]
  })
  return Object.fromEntries(rows)
}

/** Some transactions of it fail, before they are stored or after it, some of them again and again. */
function unreliable(database: Database, random: () => number): Database {
  let isFailing = false
  const fail = (): void => {
    isFailing = random() < (isFailing ? 0.5 : 0.02)
    if (isFailing) throw new FleetgridError('unavailable', 'the database is away')
  }
  return {
    open: () => database.open(),
    close: () => database.close(),
    check: () => database.check(),
    run: (work) => database.run(work),
    async transaction(work) {
      const isBefore = random() < 0.5
      if (isBefore) fail()
      const result = await database.transaction(work)
      if (!isBefore) fail()
      return result
    },
    executeLast: (...args) => database.executeLast(...args),
    now: database.now,
    rows: (...args) => database.rows(...args),
    eachRow: (...args) => database.eachRow(...args),
  }
}

async function createWorld(t: Test, version: ProtocolVersion, random: () => number) {
  const embedded = createEmbeddedDatabase({ adapter: 'embedded', dataDir: t.testdir() })
  await embedded.open()
  const database = unreliable(embedded, random)
  const fates = new Fates()
  const clock = { now: () => FIRST_AT }
  const makeStores = () => {
    // Short, so that some wait longer than the store has patience.
    const stores = createChargingStores({ database, now: clock.now, commit: { deadlineMs: 80 } })
    t.teardown(() => stores.close())
    return stores
  }
  t.teardown(() => embedded.close())
  const startInstance = async (): Promise<TestGateway> => {
    const services = createServices({
      ...makeStores(),
      ...{ clock, vendorIds: new Set<string>(), onEvent: () => {} },
      ...{ heartbeatIntervalSeconds: 300, bootRetryIntervalSeconds: 30 },
    })
    const table = cutTable(version === '1.6' ? actions16 : actions201, services, fates)
    return startGateway(t, { actions: { [version]: table } })
  }
  const instances = [await startInstance(), await startInstance()]
  const stores = createChargingStores({ database: embedded, now: clock.now })
  await stores.idTokens.put({ uid: TOKEN, isBlocked: false, concurrentMax: 1000 })
  return { instances, stores, fates }
}

/** A charge point that tells everything until it is answered. */
class Talker {
  readonly id: string
  readonly #instances: readonly TestGateway[]
  readonly #version: ProtocolVersion
  readonly #fates: Fates
  readonly #random: () => number
  #station: Station | undefined
  #calls = 0

  constructor(
    id: string,
    version: ProtocolVersion,
    { instances, fates }: { instances: readonly TestGateway[]; fates: Fates },
    random: () => number,
  ) {
    this.id = id
    this.#version = version
    this.#instances = instances
    this.#fates = fates
    this.#random = random
  }

  /** All answers that were on the wire; the last one is the first that it has got. */
  async tell(action: string, payload: object): Promise<any[]> {
    const answers: any[] = []
    for (;;) {
      const moment = this.#random() < 0.5 ? 'nowhere' : this.#pick(CUTS)
      const answer = await this.#try(action, payload, moment)
      if (answer !== undefined) answers.push(answer)
      if (moment === 'nowhere') return answers
      this.#station?.socket.terminate()
      this.#station = undefined
    }
  }

  async #try(action: string, payload: object, moment: Moment): Promise<unknown> {
    this.#station ??= await this.#pick(this.#instances).connect(this.id, `ocpp${this.#version}`)
    const reached = this.#fates.decide(this.id, moment)
    this.#calls += 1
    const id = `${this.#calls}`
    this.#station.send([2, id, action, payload])
    if (moment === 'told') {
      for (let turns = this.#random() * 5; turns > 0; turns -= 1) await new Promise(setImmediate)
      return undefined
    }
    if (moment === 'on its way' || moment === 'stored') return reached.then(() => undefined)
    const [kind, of, answer] = await this.#station.next()
    if (kind !== 3 || of !== id) throw new Error(`${action} is answered by ${kind} ${answer}`)
    return answer
  }

  #pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)] as T
  }
}

const at = (round: number, minute: number): string =>
  new Date(FIRST_AT + (round * 10 + minute) * 60_000).toISOString()

/** @returns names that it was given */
async function charge16(talker: Talker, round: number): Promise<unknown[]> {
  const start = { connectorId: 1, idTag: TOKEN, meterStart: 0, timestamp: at(round, 0) }
  const started = await talker.tell('StartTransaction', start)
  const { transactionId } = started.at(-1)
  const meterValue = [{ timestamp: at(round, 1), sampledValue: [{ value: '5' }] }]
  await talker.tell('MeterValues', { connectorId: 1, transactionId, meterValue })
  await talker.tell('StopTransaction', { transactionId, meterStop: 9, timestamp: at(round, 2) })
  return started.map((answer) => answer.transactionId)
}

async function charge201(talker: Talker, round: number): Promise<unknown[]> {
  const idToken = { idToken: TOKEN, type: 'ISO14443' }
  const event = (eventType: string, seqNo: number, value: number, more: object = {}) =>
    talker.tell('TransactionEvent', {
      ...{ eventType, seqNo, triggerReason: 'Trigger', timestamp: at(round, seqNo) },
      evse: { id: 1, connectorId: 1 },
      transactionInfo: { transactionId: `own-${round}` },
      meterValue: [{ timestamp: at(round, seqNo), sampledValue: [{ value }] }],
      ...more,
    })
  await event('Started', 0, 0, { idToken })
  await event('Updated', 1, 5)
  await event('Ended', 2, 9)
  return [`own-${round}`]
}

const VERSIONS = [
  { version: '1.6', charge: charge16, readings: 1 },
  { version: '2.0.1', charge: charge201, readings: 3 },
] as const

for (const { version, charge, readings } of VERSIONS) {
  t.test(`OCPP ${version}: cut off anywhere, told again (seed ${SEED})`, async (t) => {
    const random = createRandom(SEED)
    const world = await createWorld(t, version, random)
    const { transactions } = world.stores
    const wrong: string[] = []

    async function play(place: number): Promise<void> {
      const talker = new Talker(`CP-${place}`, version, world, createRandom(SEED + place))
      const names = new Set<unknown>()
      const rounds = ROUNDS / AT_ONCE
      for (let round = 0; round < rounds; round += 1) {
        const given = new Set(await charge(talker, round))
        if (given.size !== 1) wrong.push(`${talker.id} ${round}: names ${[...given]}`)
        for (const name of given) names.add(name)
      }
      const stored = await transactions.list({ chargePointId: talker.id, limit: 500 })
      if (stored.length !== rounds || names.size !== rounds) {
        wrong.push(`${talker.id}: ${stored.length} transactions, ${names.size} names`)
      }
      for (const { id, state, number, ownId, meterStartWh, meterStopWh } of stored) {
        const known = await transactions.readings({ transactionId: id, limit: 99 })
        const isRight =
          state === 'stopped' &&
          meterStartWh === 0 &&
          meterStopWh === 9 &&
          names.has(ownId ?? number)
        if (!isRight || known.length !== readings) {
          wrong.push(`${id}: ${state}, ${meterStartWh}–${meterStopWh} Wh, ${known.length} readings`)
        }
      }
    }

    await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => play(place)))
    t.strictSame(wrong, [])
    t.equal(world.fates.seen.size, 5)
    t.comment(JSON.stringify(Object.fromEntries(world.fates.seen)))
    await world.stores.close()
  })
}
