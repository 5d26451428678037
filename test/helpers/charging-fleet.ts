import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'

// Charge points of 1.6 that do what the specification asks of them when their server is in trouble:
// a message of a transaction is told again, the same, until it is answered (§3.8).

const ANSWER_TIMEOUT_MS = 60_000
const AGAIN_AFTER_MS = 300
const FIRST_AT = Date.parse('2026-11-21T10:00:00Z')

export interface ChargingFleetOptions {
  readonly url: string
  readonly chargePoints: number
  /** Of each, one after the other. */
  readonly transactions: number
  /** Of each transaction. */
  readonly readings: number
  /** Between two messages of one charge point. */
  readonly everyMs: number
  readonly idTag: string
}

export interface ChargingFleet {
  /** Answered messages. */
  readonly answered: () => number
  /** Answered with an error. */
  readonly refused: () => number
  /** Told again because of that, or because no answer came. */
  readonly repeated: () => number
  /** Connections that have ended. */
  readonly ended: () => number
  /** When all of it has been told and answered. */
  readonly finished: Promise<void>
}

export function startChargingFleet(options: ChargingFleetOptions): ChargingFleet {
  const counts = { answered: 0, refused: 0, repeated: 0, ended: 0 }
  const all = Array.from({ length: options.chargePoints }, (_, place) =>
    charge(new Talker(`${options.url}/ocpp/F-${place}`, counts), options),
  )
  return {
    answered: () => counts.answered,
    refused: () => counts.refused,
    repeated: () => counts.repeated,
    ended: () => counts.ended,
    finished: Promise.all(all).then(() => undefined),
  }
}

async function charge(talker: Talker, options: ChargingFleetOptions): Promise<void> {
  const { transactions, readings, everyMs, idTag } = options
  await talker.say('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })
  for (let number = 0; number < transactions; number += 1) {
    const at = (minute: number): string =>
      new Date(FIRST_AT + (number * 1000 + minute) * 60_000).toISOString()
    const start = { connectorId: 1, idTag, meterStart: 0, timestamp: at(0) }
    const { transactionId } = (await talker.say('StartTransaction', start)) as {
      transactionId: number
    }
    for (let reading = 1; reading <= readings; reading += 1) {
      await pause(everyMs)
      const meterValue = [{ timestamp: at(reading), sampledValue: [{ value: `${reading}` }] }]
      await talker.say('MeterValues', { connectorId: 1, transactionId, meterValue })
    }
    const meterStop = readings + 1
    await talker.say('StopTransaction', { transactionId, meterStop, timestamp: at(readings + 1) })
  }
  talker.close()
}

interface Counts {
  answered: number
  refused: number
  repeated: number
  ended: number
}

class Talker {
  readonly #url: string
  readonly #counts: Counts
  #socket: WebSocket | undefined
  #lastId = 0
  #isClosed = false

  constructor(url: string, counts: Counts) {
    this.#url = url
    this.#counts = counts
  }

  async say(action: string, payload: object): Promise<unknown> {
    for (;;) {
      const answer = await this.#ask(action, payload).catch(() => undefined)
      if (answer !== undefined) {
        this.#counts.answered += 1
        return answer
      }
      this.#counts.repeated += 1
      await pause(AGAIN_AFTER_MS)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.close()
  }

  /** @throws Error if it is answered by an error, or not at all */
  async #ask(action: string, payload: object): Promise<unknown> {
    const socket = await this.#connect()
    this.#lastId += 1
    const id = `${this.#lastId}`
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
    const answered = once(socket, 'message', { signal })
    const closed = once(socket, 'close', { signal }).then(() => {
      throw new Error('closed')
    })
    for (const end of [answered, closed]) end.catch(() => undefined)
    socket.send(JSON.stringify([2, id, action, payload]))
    const [data] = await Promise.race([answered, closed]).finally(() => over.abort())
    const [kind, of, answer] = JSON.parse(String(data))
    if (kind === 4) this.#counts.refused += 1
    if (kind !== 3 || of !== id) throw new Error(`answered by ${data}`)
    return answer
  }

  async #connect(): Promise<WebSocket> {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket
    const socket = new WebSocket(this.#url, ['ocpp1.6'])
    socket.on('error', () => undefined)
    await once(socket, 'open')
    socket.once('close', () => {
      if (!this.#isClosed) this.#counts.ended += 1
    })
    this.#socket = socket
    return socket
  }
}
