import { splitTransactionId } from '../../domain/charging-transaction.ts'
import { ID_TAG_LENGTH_MAX } from './id-tag-info.ts'
import { unsayable } from './unsayable.ts'

// Our words to those of 1.6, or why there are none.

/** Charge points count in 32 bits. */
const NUMBER_MAX = 2_147_483_647

interface Place {
  readonly evseId?: number
  readonly connectorId?: number
}

/** Undefined: it is not said which. */
export function writeConnector({ evseId, connectorId }: Place): number | undefined {
  if (connectorId !== undefined && connectorId !== evseId) {
    throw unsayable('connectorId', 'is the same as evseId, or left out')
  }
  return evseId
}

export function writeIdTag(tokenUid: string, field = 'tokenUid'): string {
  if (tokenUid.length > ID_TAG_LENGTH_MAX) {
    throw unsayable(field, `has no more than ${ID_TAG_LENGTH_MAX} characters`)
  }
  return tokenUid
}

export function writeTransactionId(id: string): number {
  const own = splitTransactionId(id).own
  const number = Number(own)
  if (!/^\d+$/.test(own) || number > NUMBER_MAX) {
    throw unsayable('transactionId', `ends with a number: ${id} is of another version`)
  }
  return number
}
