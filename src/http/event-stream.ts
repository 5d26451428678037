import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

const END_GRACE_MS = 1000

/**
 * An answer of server-sent events. It takes the response over from Fastify with the first write: until
 * then an error is a problem like any other.
 */
export class EventStream {
  readonly #reply: FastifyReply
  readonly #response: ServerResponse

  constructor(reply: FastifyReply) {
    this.#reply = reply
    this.#response = reply.raw
  }

  /** Lines as they go out, an empty one at the end of each event. */
  write(text: string): void {
    if (!this.#response.headersSent) this.#begin()
    // Written after its end it would be an error that nobody hears.
    if (!this.#response.destroyed && !this.#response.writableEnded) this.#response.write(text)
  }

  /** What the reader has not taken yet. */
  bufferedBytes(): number {
    return this.#response.writableLength
  }

  end(): void {
    this.#response.end()
    // A reader that doesn't take the end must not keep the server open.
    setTimeout(() => this.destroy(), END_GRACE_MS).unref()
  }

  destroy(): void {
    this.#response.destroy()
  }

  #begin(): void {
    this.#reply.hijack()
    this.#response.writeHead(200, {
      ...(this.#reply.getHeaders() as OutgoingHttpHeaders),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // nginx and its kind gather answers otherwise.
      'x-accel-buffering': 'no',
    })
  }
}
