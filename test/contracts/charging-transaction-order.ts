import fc from 'fast-check'
import type { Test } from 'tap'
import type { MeterReading, TransactionEvent } from '../../src/domain/charging-transaction.ts'
import type { ChargingTransactions } from '../../src/ports/charging-transactions.ts'
import { AT, type MakeTransactions, PLACE, reading, start } from './charging-transactions.ts'

const SEED = 20_261_121

/** Whatever is told, in whatever order and however often, by which instance: the same end. */
export function transactionOrderContract(t: Test, make: MakeTransactions): void {
  t.test('events of 2.0.1', async (t) => {
    const instance = await make(t)
    const instances = [instance(), instance()]
    let round = 0
    const property = fc.asyncProperty(eventStory(), async ({ events, told }) => {
      round += 1
      const both = ['straight', 'shuffled'].map((name) => `${name} ${round}`)
      const name = (event: TransactionEvent, at: number) => ({ ...event, ownId: both[at] ?? '' })
      for (const event of events) await instances[0]?.record(name(event, 0))
      await inAnyOrder(told, (event, at) => instances[at % 2]?.record(name(event, 1)))
      const [straight, shuffled] = await Promise.all(both.map((own) => endOf(instances, own)))
      t.strictSame(shuffled, straight)
    })
    await fc.assert(property, { numRuns: 60, seed: SEED })
  })

  t.test('starts, readings and stops of 1.6', async (t) => {
    const instance = await make(t)
    const instances = [instance(), instance()]
    let round = 0
    const property = fc.asyncProperty(sessionStory(), async ({ steps, told }) => {
      round += 1
      // Told in the other order than they began, so that neither takes the other's place.
      const both = [2 * round + 1, 2 * round].map((n) => start({ at: AT + n, meterStartWh: 0 }))
      const numbers: number[] = []
      for (const one of both) numbers.push(await startTwice(instances, one))
      for (const step of steps) await tell(instances[0], numbers[0] ?? 0, step)
      await inAnyOrder(told, (step, at) => tell(instances[at % 2], numbers[1] ?? 0, step))
      t.strictSame(await startTwice(instances, both[1] ?? start()), numbers[1])
      const [straight, shuffled] = await Promise.all(numbers.map((n) => endOf(instances, `${n}`)))
      t.strictSame(shuffled, straight)
    })
    await fc.assert(property, { numRuns: 60, seed: SEED })
  })
}

type Step = { readonly readings: readonly MeterReading[] } | 'stop'

async function tell(
  transactions: ChargingTransactions | undefined,
  number: number,
  step: Step,
): Promise<void> {
  if (step !== 'stop') return transactions?.addReadings(PLACE, number, step.readings)
  const stop = { chargePointId: 'yard/1', number, at: AT + 50, meterStopWh: 40, reason: 'Local' }
  await transactions?.stop({ ...stop, readings: [reading(AT + 45, 39)] })
}

async function startTwice(
  instances: readonly ChargingTransactions[],
  one: ReturnType<typeof start>,
): Promise<number> {
  const [first, second] = await Promise.all(instances.map((instance) => instance.start(one)))
  if (first?.number === undefined || first.number !== second?.number) throw new Error('two numbers')
  return first.number
}

/** All at once, in runs of a few, so that some share a transaction and some don't. */
async function inAnyOrder<T>(
  items: readonly T[],
  work: (item: T, at: number) => Promise<unknown> | undefined,
): Promise<void> {
  for (let first = 0; first < items.length; first += 3) {
    await Promise.all(items.slice(first, first + 3).map((item, at) => work(item, first + at)))
  }
}

/** Without its name; what was said when it began is the same of both. */
async function endOf([transactions]: readonly ChargingTransactions[], name: string) {
  const transactionId = `yard/1/${name}`
  const found = await transactions?.find(transactionId)
  const unnamed = { ...found, id: '', number: 0, ownId: '' }
  const startedAt = found?.ownId === undefined ? 0 : found.startedAt
  const readings = await transactions?.readings({ transactionId, limit: 999 })
  return { transaction: { ...unnamed, startedAt }, readings }
}

/** Events, and the same in another order with repeats. */
function eventStory() {
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
  const event = fc.record({
    kind: fc.constantFrom<TransactionEvent['kind']>('Started', 'Updated', 'Ended'),
    seqNo: fc.nat(5),
    at: fc.nat(6).map((n) => AT + n),
    trigger: fc.constantFrom('Authorized', 'MeterValuePeriodic'),
    evseId: fc.constantFrom(0, 1),
    connectorId: fc.constantFrom(0, 1),
    chargePointId: fc.constant('yard/1'),
    ownId: fc.constant(''),
    tokenUid: optional(fc.constantFrom('a', 'b')),
    tokenGroupId: optional(fc.constantFrom('g', 'h')),
    chargingState: optional(fc.constantFrom('Charging', 'EVConnected')),
    stopReason: optional(fc.constantFrom('Local', 'Remote')),
    remoteStartId: optional(fc.nat(3)),
    reservationId: optional(fc.nat(3)),
    isOffline: fc.boolean(),
    readings: fc.array(someReading(), { maxLength: 2 }),
  })
  return fc
    .array(event, { minLength: 1, maxLength: 8 })
    .chain((events) => fc.record({ events: fc.constant(events), told: withRepeats(events) }))
}

function sessionStory() {
  const readings = fc.record({ readings: fc.array(someReading(), { minLength: 1, maxLength: 3 }) })
  return fc
    .array(fc.oneof(readings, fc.constant<Step>('stop')), { minLength: 1, maxLength: 8 })
    .chain((steps) => fc.record({ steps: fc.constant(steps), told: withRepeats<Step>(steps) }))
}

function someReading(): fc.Arbitrary<MeterReading> {
  const context = fc.constantFrom('Sample.Periodic', 'Transaction.Begin', 'Transaction.End')
  return fc
    .tuple(fc.nat(8), fc.nat(50), fc.constantFrom('Wh', 'kWh'), context)
    .map(([at, value, unit, context]) => reading(AT + at * 10, value, { unit, context }))
}

/** Each at least once, some more often, in any order. */
function withRepeats<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc
    .subarray([...items])
    .chain((again) =>
      fc.shuffledSubarray([...items, ...again], { minLength: items.length + again.length }),
    )
}
