import type { IdToken } from '../domain/id-token.ts'

/** Who may charge. Lookups at once are one statement. Uids are compared without regard to case. */
export interface IdTokens {
  find(uid: string): Promise<IdToken | undefined>
  put(token: IdToken): Promise<void>
  /** False: there is none. */
  remove(uid: string): Promise<boolean>
  /** In order of their uids, after `afterUid`. */
  list(query: { readonly afterUid?: string; readonly limit: number }): Promise<readonly IdToken[]>
}
