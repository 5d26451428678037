import { FleetgridError } from '../../domain/errors.ts'
import type { Signals } from '../../ports/signals.ts'
import { checkSignal } from './check-signal.ts'
import { Subscriptions } from './subscriptions.ts'

export interface EmbeddedSignalsOptions {
  /** A subscriber threw. */
  readonly onDeliveryFailed: (channel: string, error: unknown) => void
}

/** Signals of a process to itself: with the embedded database there is no other instance. */
export function createEmbeddedSignals({ onDeliveryFailed }: EmbeddedSignalsOptions): Signals {
  const subscriptions = new Subscriptions(onDeliveryFailed)
  let isOpen = false
  const assertOpen = (): void => {
    if (!isOpen) throw new FleetgridError('unavailable', 'Signals: they are closed.')
  }
  return {
    async open() {
      isOpen = true
    },
    async close() {
      isOpen = false
    },
    async check() {
      assertOpen()
    },
    async publish(channel, payload) {
      checkSignal(channel, payload)
      assertOpen()
      // Later, as with a database between: a publisher is never in the middle of something.
      setImmediate(() => {
        if (isOpen) subscriptions.deliver(channel, payload)
      })
    },
    subscribe: (channel, deliver) => subscriptions.add(channel, deliver),
  }
}
