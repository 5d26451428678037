import { createPublicKey, type JsonWebKey } from 'node:crypto'
import type { Clock } from '../domain/clock.ts'
import { errorMessage, FleetgridError } from '../domain/errors.ts'
import { isJsonObject } from '../domain/json.ts'
import { invalidToken, type KeySource } from './caller.ts'

export interface RemoteKeysOptions {
  readonly url: string
  readonly clock: Clock
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 5000
/** After this the set is fetched anew behind the requests that use it. */
const FRESH_MS = 600_000
/** A key that has not been confirmed for so long is not trusted any more. */
const STALE_MAX_MS = 86_400_000
/** An unknown key id makes us ask the issuer, but not more often than this. */
const COOLDOWN_MS = 30_000
/** After a failure the issuer gets another chance sooner. */
const RETRY_MS = 1000
const RESPONSE_SIZE_MAX_BYTES = 262_144
const KEYS_MAX = 100
// RFC 7518 §3.3
const MODULUS_MIN_BITS = 2048

/**
 * The key set of a token issuer (RFC 7517), cached as a whole: one request at a time, with a
 * time-out and a size limit; keys that are known keep working while the issuer is away.
 */
export function createRemoteKeys(options: RemoteKeysOptions): KeySource {
  const { url, clock, timeoutMs = TIMEOUT_MS } = options
  let keys: ReadonlyMap<string, string> = new Map()
  let fetchedAt = Number.NEGATIVE_INFINITY
  let nextFetchAt = Number.NEGATIVE_INFINITY
  let failure: unknown
  let fetching: Promise<void> | undefined

  async function fetchNow(): Promise<void> {
    try {
      keys = await fetchKeys(url, timeoutMs)
      fetchedAt = clock.now()
      nextFetchAt = fetchedAt + COOLDOWN_MS
      failure = undefined
    } catch (error) {
      failure = error
      nextFetchAt = clock.now() + RETRY_MS
    } finally {
      fetching = undefined
    }
  }

  /** Never rejects; at most one request is under way. */
  async function refresh(): Promise<void> {
    if (fetching === undefined && clock.now() < nextFetchAt) return
    fetching ??= fetchNow()
    await fetching
  }

  return {
    open: refresh,
    async publicKey(keyId) {
      if (keyId === undefined) throw invalidToken('its header has no kid')
      const age = clock.now() - fetchedAt
      const known = keys.get(keyId)
      if (known !== undefined && age < STALE_MAX_MS) {
        if (age >= FRESH_MS) void refresh()
        return known
      }
      await refresh()
      const found = keys.get(keyId)
      if (found !== undefined && clock.now() - fetchedAt < STALE_MAX_MS) return found
      if (failure === undefined) throw invalidToken('it is signed with an unknown key')
      throw new FleetgridError('unavailable', `key set: ${errorMessage(failure)}`, {
        publicMessage: 'Tokens can’t be checked now: the issuer’s key set can’t be had',
        cause: failure,
      })
    },
  }
}

/** @throws Error for anything but a usable key set */
async function fetchKeys(url: string, timeoutMs: number): Promise<Map<string, string>> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
    headers: { accept: 'application/json' },
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const parsed: unknown = JSON.parse(await readText(response))
  const listed = isJsonObject(parsed) ? parsed['keys'] : undefined
  if (!Array.isArray(listed)) throw new Error(`${url} has no list of keys`)
  const keys = new Map<string, string>()
  for (const item of listed.slice(0, KEYS_MAX)) {
    const pem = isJsonObject(item) ? toPem(item) : undefined
    if (isJsonObject(item) && typeof item['kid'] === 'string' && pem) keys.set(item['kid'], pem)
  }
  if (keys.size === 0) throw new Error(`${url} has no RSA key for signatures`)
  return keys
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > RESPONSE_SIZE_MAX_BYTES) throw new Error('the key set is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Undefined for keys that can't check RS256 signatures; a set may hold others too. */
function toPem(key: JsonWebKey): string | undefined {
  if (key.kty !== 'RSA') return undefined
  if (key['use'] !== undefined && key['use'] !== 'sig') return undefined
  if (key['alg'] !== undefined && key['alg'] !== 'RS256') return undefined
  try {
    const publicKey = createPublicKey({ key, format: 'jwk' })
    const { modulusLength = 0 } = publicKey.asymmetricKeyDetails ?? {}
    if (modulusLength < MODULUS_MIN_BITS) return undefined
    return publicKey.export({ type: 'spki', format: 'pem' }).toString()
  } catch {
    return undefined
  }
}
