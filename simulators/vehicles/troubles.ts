import type { SimulatorOptions } from './options.ts'

/** What people read when the broker can't be used: what is wrong, and what to do. */

/** The same trouble is told again only after this. */
const REPEAT_TROUBLE_MS = 15_000

/** Many connections have the same trouble at once: one line is enough. */
export function createTroubleTeller(options: SimulatorOptions, note: (text: string) => void) {
  const toldAtMs = new Map<string, number>()
  return (reason: string, everOnline: boolean): void => {
    const nowMs = performance.now()
    if (nowMs - (toldAtMs.get(reason) ?? -Infinity) < REPEAT_TROUBLE_MS) return
    toldAtMs.set(reason, nowMs)
    const broker = hideSecrets(options.broker)
    note(
      everOnline
        ? `Connection to ${broker} lost: ${reason}. Trying again; vehicles keep their last messages.`
        : `Can't reach ${broker}: ${reason}. Is the service running ("make dev")? Another address: --broker URL. Trying for ${options.connectTimeoutS} s.`,
    )
  }
}

export function describeGivingUp(options: SimulatorOptions, reason: string): string {
  const broker = hideSecrets(options.broker)
  return `Gave up: no connection to ${broker} within ${options.connectTimeoutS} s (${reason}).`
}

export function describeRefusal(options: SimulatorOptions, reason: string): string {
  const advice =
    options.password === undefined
      ? 'It wants to know who this is: give --username and --password (a token from "make token" may be the password).'
      : 'Check --username and --password: a token may have expired or lack the role.'
  return `${hideSecrets(options.broker)} refused the connection: ${reason.replace(/^Connection refused: /, '')}. ${advice}`
}

function hideSecrets(broker: string): string {
  const url = new URL(broker)
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`
}
