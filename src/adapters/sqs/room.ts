/** A message is no larger, attributes included: SQS quotas, message size. */
export const MESSAGE_MAX_BYTES = 1_048_576

/**
 * How much may be out at a time, in messages and in bytes. What a receive will bring is not known
 * before it comes, so it sets aside as many of the largest messages as it may bring.
 */
export class Room {
  readonly #messagesMax: number
  readonly #bytesMax: number
  #messages = 0
  #bytes = 0
  /** Messages that receives under way may bring. */
  #reserved = 0
  #waiters: (() => void)[] = []
  #isOpen = true

  /** Less than one receive needs is room for none. */
  constructor(messagesMax: number, bytesMax: number) {
    this.#messagesMax = messagesMax
    this.#bytesMax = bytesMax
  }

  /** Waits for room for so many messages and sets it aside; at once when closed. */
  async reserve(count: number): Promise<void> {
    while (this.#isOpen && !this.#fits(this.#reserved + count)) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
    this.#reserved += count
  }

  unreserve(count: number): void {
    this.#reserved -= count
    this.#wake()
  }

  /** A message is out. */
  take(bytes: number): void {
    this.#messages += 1
    this.#bytes += bytes
  }

  /** A message is out no more. */
  give(bytes: number): void {
    this.#messages -= 1
    this.#bytes -= bytes
    this.#wake()
  }

  /** Somebody waits for room, and nobody receives. */
  isFull(): boolean {
    return this.#waiters.length > 0 && this.#reserved === 0
  }

  /** Nobody waits any more. */
  close(): void {
    this.#isOpen = false
    this.#wake()
  }

  #fits(count: number): boolean {
    return (
      this.#messages + count <= this.#messagesMax &&
      this.#bytes + count * MESSAGE_MAX_BYTES <= this.#bytesMax
    )
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
