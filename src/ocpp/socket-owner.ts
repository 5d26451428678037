import type { RawData, WebSocket } from 'ws'
import { releaseInflater } from './compression.ts'

// One set of listeners for all sockets: they find whom to tell by the socket. A closure for each event
// of each socket would be a kilobyte.

export interface SocketOwner {
  onMessage(data: Buffer, isBinary: boolean): void
  onPing(): void
  onPong(): void
  onSocketError(error: Error): void
  onSocketClosed(code: number): void
}

const OWNER = Symbol('owner')

type OwnedSocket = WebSocket & { [OWNER]?: SocketOwner }

export function attach(socket: OwnedSocket, owner: SocketOwner): void {
  socket[OWNER] = owner
  socket.on('message', onMessage)
  socket.on('ping', onPing)
  socket.on('pong', onPong)
  socket.on('error', onError)
  socket.on('close', onClose)
}

function onMessage(this: OwnedSocket, data: RawData, isBinary: boolean): void {
  releaseInflater(this)
  // `binaryType` is nodebuffer.
  this[OWNER]?.onMessage(data as Buffer, isBinary)
}

function onPing(this: OwnedSocket): void {
  this[OWNER]?.onPing()
}

function onPong(this: OwnedSocket): void {
  this[OWNER]?.onPong()
}

function onError(this: OwnedSocket, error: Error): void {
  this[OWNER]?.onSocketError(error)
}

function onClose(this: OwnedSocket, code: number): void {
  this[OWNER]?.onSocketClosed(code)
}
