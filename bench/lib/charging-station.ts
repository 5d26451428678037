import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { BOOT, STATUS, stationKey } from './charging-messages.ts'
import {
  encodeCompressedText,
  encodePong,
  encodeText,
  FrameReader,
  OPCODE,
} from './charging-wire.ts'

export interface StationTarget {
  readonly port: number
  /** Offers permessage-deflate, and compresses what it boots with. */
  readonly deflate: boolean
}

/** All sockets read into it, one after the other. */
const INBOX = Buffer.alloc(65_536)
const HEAD_END = Buffer.from('\r\n\r\n')
const CALL = '2'.charCodeAt(0)
const RESULT = '3'.charCodeAt(0)
const ERROR = '4'.charCodeAt(0)
const BOOTING = [encodeText(BOOT), encodeText(STATUS)]
const BOOTING_COMPRESSED = [encodeCompressedText(BOOT), encodeCompressedText(STATUS)]

/** A charge point of a benchmark: one call at a time, on a socket of its own. */
export class Station {
  readonly id: string
  /** Its open transaction. */
  transaction: number | undefined
  /** Told of the server's calls, which are all answered with `Accepted`. */
  onCall: ((action: string) => void) | undefined
  #socket: Socket | undefined
  #reader: FrameReader | undefined
  #answered: PromiseWithResolvers<Buffer> | undefined

  constructor(id: string) {
    this.id = id
  }

  get isOpen(): boolean {
    return this.#reader !== undefined
  }

  /** Handshake with Basic, BootNotification, StatusNotification. @throws Error what was refused */
  async boot(target: StationTarget): Promise<void> {
    await this.#connect(target)
    const [boot, status] = target.deflate ? BOOTING_COMPRESSED : BOOTING
    if (boot === undefined || status === undefined) return
    const answer = await this.call(boot)
    if (!answer.includes('"Accepted"')) throw new Error(`booted, and was told ${answer}`)
    await this.call(status)
  }

  /** The answer's frame. @throws Error if it is an error, or the connection ends */
  call(frame: Buffer): Promise<Buffer> {
    const socket = this.#socket
    if (socket === undefined || this.#reader === undefined) {
      return Promise.reject(new Error(`${this.id} is not connected`))
    }
    this.#answered = Promise.withResolvers()
    socket.write(frame)
    return this.#answered.promise
  }

  /** Without a closing handshake, and without leaving the port behind in TIME_WAIT. */
  drop(): void {
    this.#socket?.resetAndDestroy()
    this.#ended('it was dropped')
  }

  #connect({ port, deflate }: StationTarget): Promise<void> {
    const opened = Promise.withResolvers<void>()
    let head: Buffer | undefined = Buffer.alloc(0)
    const onRead = (size: number): boolean => {
      const chunk = INBOX.subarray(0, size)
      if (head === undefined) {
        this.#reader?.read(chunk, this.#onFrame)
        return true
      }
      head = Buffer.concat([head, chunk])
      const end = head.indexOf(HEAD_END)
      if (end < 0) return true
      const [line = ''] = head.toString('latin1').split('\r\n')
      if (line.startsWith('HTTP/1.1 101')) {
        const reader = new FrameReader()
        this.#reader = reader
        reader.read(head.subarray(end + 4), this.#onFrame)
        opened.resolve()
      } else opened.reject(new Error(line))
      head = undefined
      return true
    }
    const onread = { buffer: INBOX, callback: onRead }
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, onread })
    this.#socket = socket
    socket.on('error', (error: NodeJS.ErrnoException) => opened.reject(new Error(error.code)))
    socket.on('close', () => {
      opened.reject(new Error('hung up'))
      if (this.#socket === socket) this.#ended('the connection has ended')
    })
    socket.write(this.#handshake(port, deflate))
    return opened.promise
  }

  #handshake(port: number, deflate: boolean): string {
    const credentials = Buffer.from(`${this.id}:${stationKey(this.id)}`).toString('base64')
    return [
      `GET /ocpp/${this.id} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      'Sec-WebSocket-Protocol: ocpp1.6',
      `Authorization: Basic ${credentials}`,
      ...(deflate ? ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'] : []),
      '\r\n',
    ].join('\r\n')
  }

  readonly #onFrame = (opcode: number, payload: Buffer): void => {
    if (opcode === OPCODE.ping) this.#socket?.write(encodePong(payload))
    else if (opcode === OPCODE.close) this.#socket?.end()
    else if (opcode === OPCODE.text) this.#receive(payload)
  }

  #receive(payload: Buffer): void {
    const answered = this.#answered
    const kind = payload[1]
    if (kind === RESULT) answered?.resolve(Buffer.from(payload))
    else if (kind === ERROR) answered?.reject(new Error(payload.toString()))
    else if (kind === CALL) this.#accept(payload.toString())
  }

  #accept(text: string): void {
    const [, id, action] = JSON.parse(text)
    this.onCall?.(action)
    this.#socket?.write(encodeText(JSON.stringify([3, id, { status: 'Accepted' }])))
  }

  #ended(why: string): void {
    this.#reader = undefined
    this.#socket = undefined
    this.#answered?.reject(new Error(why))
    this.#answered = undefined
  }
}
