import type { OCPP20 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { LocalListEntry } from '../../charging/command-parts.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer, readStatus } from '../outcome.ts'
import { writeGroup, writeToken } from './id-token.ts'
import { needed } from './unsayable.ts'

const MODE = { full: 'Full', differential: 'Differential' } as const

type WireList = NonNullable<OCPP20.SendLocalListRequest['localAuthorizationList']>

/** OCPP 2.0.1 §D01 */
export const sendLocalList: OutboundAction = {
  kind: 'send-local-list',
  compose({
    version,
    mode,
    tokens = [],
  }: ParametersOf<'send-local-list'>): OCPP20.SendLocalListRequest {
    if (mode === 'full') for (const { status } of tokens) needed(status, 'status')
    return compact({
      versionNumber: version,
      updateType: MODE[mode],
      // Without any: a full list that is empty.
      localAuthorizationList: tokens.length === 0 ? undefined : tokens.map(writeEntry),
    })
  },
  read: readStatus,
}

/** OCPP 2.0.1 §D02 */
export const getLocalListVersion: OutboundAction = {
  kind: 'get-local-list-version',
  compose(): OCPP20.GetLocalListVersionRequest {
    return {}
  },
  read: readAnswer,
}

function writeEntry(entry: LocalListEntry): WireList[number] {
  const { tokenUid, tokenKind, tokenGroupId, status, expiresAt } = entry
  const idToken = writeToken(tokenUid, tokenKind)
  if (status === undefined) return { idToken }
  return {
    idToken,
    idTokenInfo: compact({
      status,
      cacheExpiryDateTime: expiresAt,
      groupIdToken: tokenGroupId === undefined ? undefined : writeGroup(tokenGroupId),
    }),
  }
}
