/** What people read when stations don't get through: what is wrong, and what to do. */

/** The same trouble is told again only after this. */
const REPEAT_MS = 15_000

const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/HTTP 401/, 'It wants a password, or another one: --password or --password-file.'],
  [/HTTP 404/, 'It does not know this id, or has no OCPP there: --id-prefix, --url.'],
  [/HTTP (429|503)/, 'It has no room just now.'],
  [/subprotocol/, 'It does not speak this version: --protocol.'],
  [
    /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH/,
    'Is the service running ("make dev")? --url tells where.',
  ],
  [/certificate|self-signed/, 'Name its authority by NODE_EXTRA_CA_CERTS.'],
]

/** Many stations have the same trouble at once: one line is enough. */
export function createTroubleTeller(url: string, note: (text: string) => void) {
  const toldAtMs = new Map<string, number>()
  return (id: string, reason: string): void => {
    const nowMs = performance.now()
    if (nowMs - (toldAtMs.get(reason) ?? -Infinity) < REPEAT_MS) return
    toldAtMs.set(reason, nowMs)
    const advice = ADVICE.find(([pattern]) => pattern.test(reason))?.[1]
    const { host } = new URL(url)
    const parts = [`${id} (and perhaps others) at ${host}: ${reason}.`, advice, 'Trying again.']
    note(parts.filter((part) => part !== undefined).join(' '))
  }
}
