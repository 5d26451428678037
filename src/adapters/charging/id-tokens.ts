import { sql, type Transaction } from 'kysely'
import { type IdToken, sameToken } from '../../domain/id-token.ts'
import type { IdTokens } from '../../ports/id-tokens.ts'
import type { Tables } from '../database/database.ts'
import type { IdTokenRow } from '../database/tables/charging.ts'
import type { GatheredReads } from './gathered-reads.ts'
import { gatherReads, inOrder, lastOf, type StoreContext } from './store-context.ts'

const COLUMNS = {
  key: 'text',
  uid: 'text',
  kind: 'text',
  is_blocked: 'integer',
  expires_at: 'integer',
  group_id: 'text',
  concurrent_max: 'integer',
  note: 'text',
} as const

export class StoredIdTokens implements IdTokens {
  readonly #context: StoreContext
  readonly #reads: GatheredReads<IdToken>
  readonly #put: (token: IdToken) => Promise<undefined>

  constructor(context: StoreContext) {
    this.#context = context
    this.#reads = gatherReads((keys) => this.#fetch(keys))
    this.#put = context.commit.kind((trx, tokens) => this.#upsert(trx, tokens))
  }

  find(uid: string): Promise<IdToken | undefined> {
    return this.#reads.find(sameToken(uid))
  }

  put(token: IdToken): Promise<void> {
    return this.#put(token)
  }

  async remove(uid: string): Promise<boolean> {
    const { numDeletedRows } = await this.#context.database.run((db) =>
      db.deleteFrom('id_token').where('key', '=', sameToken(uid)).executeTakeFirst(),
    )
    return numDeletedRows > 0n
  }

  async list({ afterUid, limit }: Parameters<IdTokens['list']>[0]): Promise<readonly IdToken[]> {
    const rows = await this.#context.database.run((db) => {
      let query = db.selectFrom('id_token').selectAll()
      if (afterUid !== undefined) query = query.where('key', '>', sameToken(afterUid))
      return query.orderBy('key').limit(limit).execute()
    })
    return rows.map(toToken)
  }

  async #fetch(keys: readonly string[]): Promise<ReadonlyMap<string, IdToken>> {
    const { database } = this.#context
    const asked = database.rows(
      'x',
      { key: 'text' },
      keys.map((key) => ({ key })),
    )
    const { rows } = await database.run((db) =>
      sql<IdTokenRow>`SELECT id_token.* FROM ${asked}
        CROSS JOIN id_token WHERE id_token.key = x.key`.execute(db),
    )
    return new Map(rows.map((row) => [row.key, toToken(row)]))
  }

  async #upsert(trx: Transaction<Tables>, tokens: readonly IdToken[]): Promise<undefined[]> {
    const given = inOrder(lastOf(tokens.map(toRow), ({ key }) => key))
    const list = sql.raw(Object.keys(COLUMNS).join(', '))
    await sql`
      INSERT INTO id_token (${list})
      SELECT ${list} FROM ${this.#context.database.eachRow('x', COLUMNS, given)} WHERE true
      ON CONFLICT (key) DO UPDATE SET
        uid = excluded.uid,
        kind = excluded.kind,
        is_blocked = excluded.is_blocked,
        expires_at = excluded.expires_at,
        group_id = excluded.group_id,
        concurrent_max = excluded.concurrent_max,
        note = excluded.note`.execute(trx)
    return tokens.map(() => undefined)
  }
}

function toRow(token: IdToken): IdTokenRow {
  return {
    key: sameToken(token.uid),
    uid: token.uid,
    kind: token.kind ?? null,
    is_blocked: token.isBlocked ? 1 : 0,
    expires_at: token.expiresAt ?? null,
    group_id: token.groupId ?? null,
    concurrent_max: token.concurrentMax,
    note: token.note ?? null,
  }
}

function toToken(row: IdTokenRow): IdToken {
  return {
    uid: row.uid,
    kind: row.kind ?? undefined,
    isBlocked: row.is_blocked === 1,
    expiresAt: row.expires_at ?? undefined,
    groupId: row.group_id ?? undefined,
    concurrentMax: row.concurrent_max,
    note: row.note ?? undefined,
  }
}
