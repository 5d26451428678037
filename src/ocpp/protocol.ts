import type { ProtocolVersion } from '../domain/charge-point.ts'
import type { ActionTable, OutboundAction } from './action.ts'
import { createValidators, type Validators } from './validate.ts'

/** How each version is called in the handshake; 1.6J §3.1.2, 2.0.1 part 4 §3.1.2. */
const SUBPROTOCOLS: Readonly<Record<string, ProtocolVersion>> = {
  'ocpp1.6': '1.6',
  'ocpp2.0.1': '2.0.1',
}

export interface OutboundRow {
  readonly name: string
  readonly action: OutboundAction
}

/** All that connections of one version share. */
export interface Protocol {
  readonly version: ProtocolVersion
  readonly actions: ActionTable
  readonly validators: Validators
  /** A kind of commands can be said by several actions: by the first one that has words for it. */
  readonly byKind: ReadonlyMap<string, readonly OutboundRow[]>
}

export function createProtocol(version: ProtocolVersion, actions: ActionTable): Protocol {
  const byKind = new Map<string, OutboundRow[]>()
  for (const [name, { to }] of Object.entries(actions)) {
    if (to === undefined) continue
    const rows = byKind.get(to.kind) ?? []
    rows.push({ name, action: to })
    byKind.set(to.kind, rows)
  }
  return { version, actions, validators: createValidators(version), byKind }
}

/** The first one of the station's list, which is in its order of preference, that we speak. */
export function agreeOnSubprotocol(
  offered: Iterable<string>,
  spoken: (version: ProtocolVersion) => boolean,
): { readonly name: string; readonly version: ProtocolVersion } | undefined {
  for (const name of offered) {
    const version = Object.hasOwn(SUBPROTOCOLS, name) ? SUBPROTOCOLS[name] : undefined
    if (version !== undefined && spoken(version)) return { name, version }
  }
  return undefined
}
