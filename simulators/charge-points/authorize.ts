import type { Station } from './station.ts'

/**
 * Whether whoever has this card may charge: by the local list if that goes first, by the server, or,
 * without an answer of it, by what the station knows itself. OCPP 1.6 §3.5.
 */
export async function authorize(station: Station, token: string): Promise<boolean> {
  const { settings, localList, wire } = station
  const listed = settings.isOn('localListEnabled') ? localList.statusOf(token) : undefined
  if (listed === 'Accepted' && settings.isOn('localPreAuthorize')) return true
  const status = station.isOnline ? await wire.authorize(token) : undefined
  if (status === 'Accepted') localList.remember(token)
  if (status !== undefined) return status === 'Accepted'
  if (listed !== undefined) return listed === 'Accepted'
  return localList.knows(token) || settings.isOn('allowsUnknownOffline')
}
