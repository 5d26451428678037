import type { LocalList } from './local-list.ts'
import type { Settings } from './settings.ts'
import type { Wire } from './wire.ts'

/** Who is asked about a card. */
interface Authorities {
  readonly settings: Settings
  readonly localList: LocalList
  readonly wire: Wire
  readonly isOnline: boolean
}

/**
 * Whether whoever has this card may charge: by the local list if that goes first, by the server, or,
 * without an answer of it, by what the station knows itself. OCPP 1.6 §3.5.
 */
export async function authorize(authorities: Authorities, token: string): Promise<boolean> {
  const { settings, localList, wire, isOnline } = authorities
  const listed = settings.isOn('localListEnabled') ? localList.statusOf(token) : undefined
  if (listed === 'Accepted' && settings.isOn('localPreAuthorize')) return true
  const status = isOnline ? await wire.authorize(token) : undefined
  if (status === 'Accepted') localList.remember(token)
  if (status !== undefined) return status === 'Accepted'
  if (listed !== undefined) return listed === 'Accepted'
  return localList.knows(token) || settings.isOn('allowsUnknownOffline')
}
