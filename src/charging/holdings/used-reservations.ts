import { transactionId } from '../../domain/charging-transaction.ts'
import type { Clock } from '../../domain/clock.ts'
import { compact } from '../../lib/compact.ts'
import type { ChargePointHoldings } from '../../ports/charge-point-holdings.ts'
import type { ChargingServices } from '../services.ts'
import { reservationKey } from './reservations.ts'

/** Clocks of charge points are off by that much, and ids of reservations may be used again. */
const CLOCK_SKEW_MAX_MS = 5 * 60_000

type Transactions = ChargingServices['transactions']

interface Options {
  readonly holdings: ChargePointHoldings
  readonly clock: Clock
}

/** A transaction that begins with a reservation uses it up: both are durable before it is answered. */
export function withReservations(transactions: Transactions, options: Options): Transactions {
  return {
    ...transactions,
    async start(session, start) {
      const started = await transactions.start(session, start)
      await useReservation(options, started.transaction.id, start)
      return started
    },
    async record(session, event) {
      const info = await transactions.record(session, event)
      await useReservation(options, transactionId(session.id, event.ownId), event)
      return info
    },
  }
}

interface Use {
  readonly chargePointId: string
  readonly reservationId?: number | undefined
  readonly evseId: number
  readonly tokenUid?: string | undefined
  /** By the charge point's clock. */
  readonly at: number
}

async function useReservation(
  { holdings, clock }: Options,
  transactionId: string,
  { chargePointId, reservationId, evseId, tokenUid, at: startedAt }: Use,
): Promise<void> {
  if (reservationId === undefined) return
  const now = clock.now()
  const key = reservationKey(reservationId)
  const known = (await holdings.find(chargePointId, 'reservation', [key])).get(key)
  if (known?.state === 'used') return
  // Told of late, it is of an earlier reservation that had the same id.
  if (known !== undefined && startedAt < known.at - CLOCK_SKEW_MAX_MS) return
  // Nobody knows it yet, if its answer is still being stored: that is older, and changes nothing then.
  const { document = compact({ reservationId, evseId, tokenUid }), expiresAt = now } = known ?? {}
  const used = { kind: 'reservation', key, state: 'used', expiresAt } as const
  const put = [{ ...used, document: { ...document, transactionId } }]
  await holdings.change({ chargePointId, at: now, put })
}
