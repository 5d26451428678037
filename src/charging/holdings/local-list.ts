import { sameToken } from '../../domain/id-token.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { ChargePointHoldings, HoldingSelector } from '../../ports/charge-point-holdings.ts'
import type { LocalListEntry } from '../command-parts.ts'
import { type EffectOf, joinKey, numberIn, saysAccepted } from './effect.ts'

// The local list of a charge point: one holding of its version, and one of each token.

const KIND = 'local-list'
const VERSION_KEY = 'version'
export const TOKEN_PREFIX = 'token/'

export interface ListVersion {
  readonly version: number
  /** It has another version than we thought: what is on it is not known. */
  readonly isInDoubt: boolean
  readonly at: number
}

export async function findListVersion(
  holdings: ChargePointHoldings,
  chargePointId: string,
): Promise<ListVersion | undefined> {
  const found = (await holdings.find(chargePointId, KIND, [VERSION_KEY])).get(VERSION_KEY)
  if (found === undefined) return undefined
  const { document, at } = found
  return {
    version: numberIn(document['version']) ?? 0,
    isInDoubt: document['isInDoubt'] === true,
    at,
  }
}

/** The one that is wished for, or the next; later lists get later ones than that. */
export async function listVersionFor(
  holdings: ChargePointHoldings,
  chargePointId: string,
  wished: number | undefined,
): Promise<number> {
  if (wished !== undefined) {
    await holdings.nextListVersion(chargePointId, wished - 1)
    return wished
  }
  const { version = 0 } = (await findListVersion(holdings, chargePointId)) ?? {}
  return holdings.nextListVersion(chargePointId, version)
}

export const listSent: EffectOf<'send-local-list'> = async (command, holdings) => {
  const { chargePointId, answer, parameters } = command
  if (!saysAccepted(answer)) return undefined
  const { version, mode, tokens = [] } = parameters
  const known = mode === 'full' ? undefined : await findListVersion(holdings, chargePointId)
  const byKey = new Map(tokens.map((token) => [tokenKey(token), token]))
  const entries = [...byKey].map(([key, token]) => ({ kind: KIND, key, token }) as const)
  const listed = entries.filter(({ token }) => token.status !== undefined)
  const takenOff = entries.filter(({ token }) => token.status === undefined)
  const all: HoldingSelector[] = [{ kind: KIND, prefix: TOKEN_PREFIX }]
  return {
    remove: mode === 'full' ? all : takenOff.map(({ kind, key }) => ({ kind, key })),
    put: [
      ...listed.map(({ kind, key, token }) => ({ kind, key, document: toDocument(token) })),
      versionHolding(version, known?.isInDoubt ?? false),
    ],
  }
}

export const listVersionTold: EffectOf<'get-local-list-version'> = async (command, holdings) => {
  const { chargePointId, answer } = command
  const version = numberIn(answer['listVersion']) ?? numberIn(answer['versionNumber'])
  if (version === undefined) return undefined
  // OCPP 1.6 §5.10: 0 is an empty list, -1 none at all.
  if (version <= 0) {
    const remove = [{ kind: KIND, prefix: TOKEN_PREFIX }] as const
    return { remove, put: [versionHolding(0, false)] }
  }
  const known = await findListVersion(holdings, chargePointId)
  const isInDoubt = known?.version !== version || known.isInDoubt
  return { put: [versionHolding(version, isInDoubt)] }
}

function versionHolding(version: number, isInDoubt: boolean) {
  const document: JsonObject = isInDoubt ? { version, isInDoubt } : { version }
  return { kind: KIND, key: VERSION_KEY, document } as const
}

/** Without a kind, as OCPP 1.6 has them, it is of the kind that goes without saying. */
function tokenKey({ tokenUid, tokenKind = 'ISO14443' }: LocalListEntry): string {
  return TOKEN_PREFIX + joinKey(sameToken(tokenUid), tokenKind)
}

function toDocument(token: LocalListEntry): JsonObject {
  return { ...token }
}
