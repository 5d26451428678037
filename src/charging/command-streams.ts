import { type ChargingCommand, hasEnded } from '../domain/charging-command.ts'
import { isUnavailable, publicError } from '../domain/errors.ts'
import { keepTrying } from '../lib/keep-trying.ts'
import type { ChargingCommands } from '../ports/charging-commands.ts'
import type { CommandNews } from './command-news.ts'

// What passes through here: news of commands → the command as it is stored → each stream that wants it.

const BEAT_INTERVAL_MS = 15_000
/** What other instances do to a command before it has ended is looked for so often. */
const LOOK_INTERVAL_MS = 5000
/** A reader that has not taken more than this is cut off. */
const BUFFERED_MAX_BYTES = 262_144
const RETRY = { baseMs: 200, maxMs: 5000 }

/** Where the events of one stream go. */
export interface CommandSink {
  write(text: string): void
  /** Bytes written that have not left this process. */
  bufferedBytes(): number
  /** Sends what is written, then closes. */
  end(): void
  /** Closes at once. */
  destroy(): void
}

export interface CommandSubscription {
  /** One command, in each of its states, until it has ended. */
  readonly commandId?: string | undefined
  /** Else outcomes: of this charge point, or of all. */
  readonly chargePointId?: string | undefined
  /** Epoch milliseconds; then the stream ends. */
  readonly expiresAt: number
  readonly sink: CommandSink
}

export interface CommandStreamsOptions {
  readonly commands: Pick<ChargingCommands, 'find'>
  readonly news: CommandNews
  readonly clock: { now(): number }
  /** Open at once. */
  readonly streamsMax: number
  /** As an operator sees it. */
  readonly render: (command: ChargingCommand) => object
  readonly onFailure: (what: string, error: unknown) => void
}

interface Stream extends CommandSubscription {
  /** What was told last, of one command. */
  told?: string
}

export class CommandStreams {
  readonly #options: CommandStreamsOptions
  readonly #streams = new Set<Stream>()
  readonly #closing = new AbortController()
  #unsubscribe: (() => void) | undefined
  #timers: NodeJS.Timeout[] = []

  constructor(options: CommandStreamsOptions) {
    this.#options = options
  }

  start(): void {
    this.#unsubscribe = this.#options.news.subscribe((ids, what) => {
      const wanted = what === 'ended' && this.#wantsOutcomes() ? ids : ids.filter(this.#isWatched)
      for (const id of wanted) void this.#tell(id)
    })
  }

  /**
   * @returns how to end the stream from outside
   * @throws FleetgridError `unavailable` when too many are open, or after `close`
   */
  open(subscription: CommandSubscription): () => void {
    const { streamsMax } = this.#options
    if (this.#closing.signal.aborted) throw publicError('unavailable', 'This instance is stopping')
    if (this.#streams.size >= streamsMax) {
      throw publicError('unavailable', `All ${streamsMax} streams of commands are taken`)
    }
    const stream = { ...subscription }
    stream.sink.write('retry: 1000\n')
    send(stream, 'ready', {})
    this.#streams.add(stream)
    if (this.#timers.length === 0) this.#startTimers()
    if (stream.commandId !== undefined) void this.#tell(stream.commandId)
    return () => this.#remove(stream)
  }

  /** Says good-bye to every stream; no new ones. */
  close(): void {
    this.#closing.abort()
    this.#unsubscribe?.()
    for (const stream of this.#streams)
      this.#end(stream, 'this instance is stopping: connect again')
  }

  #wantsOutcomes(): boolean {
    for (const { commandId } of this.#streams) if (commandId === undefined) return true
    return false
  }

  readonly #isWatched = (id: string): boolean => {
    for (const { commandId } of this.#streams) if (commandId === id) return true
    return false
  }

  async #tell(id: string): Promise<void> {
    const { commands, onFailure } = this.#options
    const onRetry = (error: unknown) => onFailure('reading a command for a stream', error)
    try {
      const command = await keepTrying(() => commands.find(id), {
        ...{ signal: this.#closing.signal, backoff: RETRY, isPassing: isUnavailable, onRetry },
      })
      if (command !== undefined) for (const stream of this.#streams) this.#offer(stream, command)
    } catch (error) {
      onRetry(error)
    }
  }

  #offer(stream: Stream, command: ChargingCommand): void {
    const { commandId, chargePointId, sink, told } = stream
    if (commandId === undefined) {
      const isWanted = chargePointId === undefined || chargePointId === command.chargePointId
      if (isWanted && hasEnded(command)) this.#send(stream, command)
      return
    }
    const now = `${command.state} ${command.attemptsLeft}`
    if (commandId !== command.id || told === now) return
    stream.told = now
    this.#send(stream, command)
    if (!hasEnded(command)) return
    this.#remove(stream)
    sink.end()
  }

  #send(stream: Stream, command: ChargingCommand): void {
    if (stream.sink.bufferedBytes() > BUFFERED_MAX_BYTES) {
      this.#remove(stream)
      stream.sink.destroy()
    } else send(stream, 'command', this.#options.render(command))
  }

  #startTimers(): void {
    this.#timers = [
      setInterval(() => this.#beat(), BEAT_INTERVAL_MS).unref(),
      setInterval(() => this.#look(), LOOK_INTERVAL_MS).unref(),
    ]
  }

  #beat(): void {
    const now = this.#options.clock.now()
    for (const stream of this.#streams) {
      if (stream.expiresAt <= now) this.#end(stream, 'the token has expired')
      else if (stream.sink.bufferedBytes() <= BUFFERED_MAX_BYTES) {
        stream.sink.write(': still here\n\n')
      }
    }
  }

  #look(): void {
    const ids = [...this.#streams].flatMap(({ commandId }) => commandId ?? [])
    for (const id of new Set(ids)) void this.#tell(id)
  }

  #end(stream: Stream, reason: string): void {
    this.#remove(stream)
    if (stream.sink.bufferedBytes() > BUFFERED_MAX_BYTES) stream.sink.destroy()
    else {
      send(stream, 'bye', { reason })
      stream.sink.end()
    }
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }
}

function send({ sink }: Stream, event: string, data: object): void {
  sink.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}
