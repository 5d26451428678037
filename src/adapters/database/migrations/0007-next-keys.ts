import type { Migration } from './migration.ts'

/** Passwords that charge points have been sent, and perhaps go by already. */
export const nextKeys: Migration = {
  async up(db) {
    await db.schema.alterTable('charge_point').addColumn('next_key_hash', 'text').execute()
  },
}
