import { createHmac } from 'node:crypto'
import { errorMessage } from '../domain/errors.ts'

const ERROR_LENGTH_MAX = 300
const TIMEOUT_MS = 10_000

export interface SignedPost {
  readonly url: URL
  readonly body: string
  readonly secret: string
  /** Epoch milliseconds, so that who gets it can tell an old message from a new one. */
  readonly at: number
  readonly signal: AbortSignal
}

export interface PostOutcome {
  /** Undefined: it was taken. */
  readonly error?: string
  /** Nothing was answered at all. */
  readonly isSilent?: boolean
}

/**
 * HTTP POST of JSON that shows who sends it: `fleetgrid-signature: t=<seconds>,v1=<hex>`, the
 * HMAC-SHA-256 of `<t>.<body>`. Follows nobody elsewhere, and reads no answer but its status.
 * Never rejects.
 */
export async function postSigned(post: SignedPost): Promise<PostOutcome> {
  const { url, body, secret, at, signal } = post
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'fleetgrid',
        'fleetgrid-signature': sign(body, secret, at),
      },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    await answer.body?.cancel()
    return answer.ok ? {} : { error: `HTTP ${answer.status}` }
  } catch (error) {
    return { error: describe(error).slice(0, ERROR_LENGTH_MAX), isSilent: true }
  }
}

export function sign(body: string, secret: string, at: number): string {
  const seconds = Math.floor(at / 1000)
  const hash = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
  return `t=${seconds},v1=${hash}`
}

/** `fetch` says what was wrong in the cause. */
function describe(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `no answer within ${TIMEOUT_MS / 1000} s`
  }
  const { cause } = error as { cause?: unknown }
  return cause === undefined ? errorMessage(error) : errorMessage(cause)
}
