import type { Test } from 'tap'
import { SIGNAL_SIZE_MAX_BYTES, type Signals } from '../../src/ports/signals.ts'
import { until } from '../helpers/until.ts'

export interface SignalsUnderTest {
  /** Open; the first is a publisher and a receiver, others (if any) are other instances. */
  readonly instances: readonly [Signals, ...Signals[]]
  /** Errors that subscribers threw. */
  readonly failures: unknown[]
}

export type MakeSignals = (t: Test) => Promise<SignalsUnderTest>

export function collect(signals: Signals, channel: string): string[] {
  const received: string[] = []
  signals.subscribe(channel, (payload) => received.push(payload))
  return received
}

/** What signals must do, through the port only. */
export function signalsContract(t: Test, make: MakeSignals): void {
  t.test('reach every instance in order, also the own one', async (t) => {
    const { instances } = await make(t)
    const boxes = instances.map((signals) => collect(signals, 'numbers'))
    const [first] = instances
    const numbers = Array.from({ length: 1500 }, (_, number) => `${number}`)
    await Promise.all(numbers.map((number) => first.publish('numbers', number)))
    for (const box of boxes) {
      await until(() => box.length >= numbers.length)
      t.strictSame(box, numbers)
    }
  })

  t.test('channels and subscriptions are apart', async (t) => {
    const { instances } = await make(t)
    const signals = instances.at(-1) ?? instances[0]
    const [one, other] = [collect(signals, 'one'), collect(signals, 'other')]
    const twice: string[] = []
    const deliver = (payload: string) => void twice.push(payload)
    const stop = signals.subscribe('one', deliver)
    signals.subscribe('one', deliver)
    await instances[0].publish('one', 'a')
    await until(() => one.length === 1)
    stop()
    stop()
    await instances[0].publish('nobody', 'x')
    await instances[0].publish('one', 'b')
    await instances[0].publish('other', 'c')
    await until(() => other.length === 1)
    t.strictSame([one, other, twice], [['a', 'b'], ['c'], ['a', 'a', 'b']])
  })

  t.test('a subscriber that throws harms nobody', async (t) => {
    const { instances, failures } = await make(t)
    const [signals] = instances
    signals.subscribe('one', () => {
      throw new Error('of the subscriber')
    })
    const received = collect(signals, 'one')
    await signals.publish('one', 'a')
    await signals.publish('one', 'b')
    await until(() => received.length === 2)
    t.match(failures, [{ message: 'of the subscriber' }, { message: 'of the subscriber' }])
  })

  t.test('payloads are bounded text', async (t) => {
    const { instances } = await make(t)
    const [signals] = instances
    const received = collect(signals, 'one')
    const largest = 'é'.repeat(SIGNAL_SIZE_MAX_BYTES / 2)
    for (const payload of ['', '\'"\\ 🚗\n', largest]) await signals.publish('one', payload)
    await until(() => received.length === 3)
    t.strictSame(received, ['', '\'"\\ 🚗\n', largest])
    for (const payload of [`${largest}.`, 'a\0b', '\ud800']) {
      const reason = await signals.publish('one', payload).catch((error: unknown) => error)
      t.match(reason, { kind: 'invalid' })
    }
  })

  t.test('closed, they refuse', async (t) => {
    const { instances } = await make(t)
    const [signals] = instances
    await signals.check()
    await signals.close()
    for (const call of [() => signals.publish('one', 'a'), () => signals.check()]) {
      t.match(await call().catch((error: unknown) => error), { kind: 'unavailable' })
    }
    await signals.close()
  })
}
