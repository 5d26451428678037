import { sql } from 'kysely'
import type { FirehoseRequest, FirehoseRequests } from '../../ports/firehose-requests.ts'
import type { Database } from '../database/database.ts'

/** Longer than a delivery stream tries again: 2 hours at most. */
const KEPT_MS = 7 * 86_400_000
/** With each new one; more than one, so that they don't pile up. */
const FORGOTTEN_MAX = 10

/** A row for each request of the last days. */
export function createFirehoseRequests(database: Database): FirehoseRequests {
  return {
    place: (id, objectKey, at) =>
      database.run(async (db): Promise<FirehoseRequest> => {
        await sql`
          DELETE FROM firehose_request WHERE id IN (
            SELECT id FROM firehose_request WHERE at < ${at - KEPT_MS}
            ORDER BY at LIMIT ${FORGOTTEN_MAX}
          )`.execute(db)
        await db
          .insertInto('firehose_request')
          .values({ id, object_key: objectKey, is_stored: 0, at })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .execute()
        const row = await db
          .selectFrom('firehose_request')
          .select(['object_key', 'is_stored'])
          .where('id', '=', id)
          .executeTakeFirstOrThrow()
        return { objectKey: row.object_key, isStored: row.is_stored === 1 }
      }),
    async stored(id) {
      await database.run((db) =>
        db.updateTable('firehose_request').set({ is_stored: 1 }).where('id', '=', id).execute(),
      )
    },
  }
}
