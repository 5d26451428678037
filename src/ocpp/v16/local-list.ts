import type { OCPP16 } from 'typed-ocpp'
import type { ParametersOf } from '../../charging/command-kinds.ts'
import type { LocalListEntry } from '../../charging/command-parts.ts'
import type { ExecutionResult } from '../../charging/session.ts'
import { compact } from '../../lib/compact.ts'
import type { OutboundAction } from '../action.ts'
import { readAnswer, readStatus, toJson } from '../outcome.ts'
import { STATUS } from './id-tag-info.ts'
import { unsayable } from './unsayable.ts'
import { writeIdTag } from './wire-values.ts'

const MODES = { full: 'Full', differential: 'Differential' } as const
/** §5.10 */
const NOT_SUPPORTED = -1

/** OCPP 1.6 §5.15. VersionMismatch: it has to be sent in full. */
export const sendLocalList: OutboundAction = {
  kind: 'send-local-list',
  compose({
    version,
    mode,
    tokens = [],
  }: ParametersOf<'send-local-list'>): OCPP16.SendLocalListRequest {
    if (mode === 'full' && tokens.some(({ status }) => status === undefined)) {
      throw unsayable('tokens', 'of a full list have a status each')
    }
    return compact({
      listVersion: version,
      updateType: MODES[mode],
      localAuthorizationList: tokens.length === 0 ? undefined : tokens.map(writeEntry),
    })
  },
  read: readStatus,
}

/** OCPP 1.6 §5.10 */
export const getLocalListVersion: OutboundAction = {
  kind: 'get-local-list-version',
  compose: (): OCPP16.GetLocalListVersionRequest => ({}),
  read(answer: OCPP16.GetLocalListVersionResponse): ExecutionResult {
    return answer.listVersion === NOT_SUPPORTED
      ? { state: 'failed', answer: toJson(answer), reason: 'It has no local list' }
      : readAnswer(answer)
  },
}

type Entry = NonNullable<OCPP16.SendLocalListRequest['localAuthorizationList']>[number]

function writeEntry({ tokenUid, tokenGroupId, status, expiresAt }: LocalListEntry): Entry {
  const idTag = writeIdTag(tokenUid)
  if (status === undefined) return { idTag }
  const parentIdTag =
    tokenGroupId === undefined ? undefined : writeIdTag(tokenGroupId, 'tokenGroupId')
  const idTagInfo = compact({ status: STATUS[status], expiryDate: expiresAt, parentIdTag })
  return { idTag, idTagInfo }
}
