import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { ChargingCommand } from '../../domain/charging-command.ts'
import type { ChargingCommands, CommandEnd } from '../../ports/charging-commands.ts'
import type { ChargingCommandRow } from '../database/tables/charging.ts'
import {
  type Claim,
  claim,
  type Ended,
  end,
  endUnanswered,
  enqueue,
  type Joined,
} from './command-queue.ts'
import { toCommand } from './command-rows.ts'
import type { GatheredReads } from './gathered-reads.ts'
import { gatherReads, type StoreContext } from './store-context.ts'

export class StoredChargingCommands implements ChargingCommands {
  readonly #context: StoreContext
  readonly #reads: GatheredReads<ChargingCommand>
  readonly #enqueue: (command: ChargingCommand) => Promise<undefined>
  readonly #claim: (claim: Claim) => Promise<ChargingCommand[]>
  readonly #end: (end: Ended) => Promise<undefined>
  readonly #endUnanswered: (joined: Joined) => Promise<number>

  constructor(context: StoreContext) {
    this.#context = context
    const { commit, database } = context
    this.#reads = gatherReads((ids) => this.#fetch(ids))
    this.#enqueue = commit.kind((trx, items) => enqueue(database, trx, items))
    this.#claim = commit.kind((trx, items) => claim(database, trx, items))
    this.#end = commit.kind((trx, items) => end(database, trx, items))
    this.#endUnanswered = commit.kind((trx, items) => endUnanswered(database, trx, items))
  }

  enqueue(command: ChargingCommand): Promise<void> {
    return this.#enqueue(command)
  }

  claim(
    chargePointId: string,
    instance: string,
    at: number,
    limit: number,
  ): Promise<readonly ChargingCommand[]> {
    return this.#claim({ claim: randomUUID(), chargePointId, instance, at, limit })
  }

  end(id: string, end: CommandEnd): Promise<void> {
    return this.#end({ id, ...end })
  }

  find(id: string): Promise<ChargingCommand | undefined> {
    return this.#reads.find(id)
  }

  async list({
    chargePointId,
    state,
    before,
    limit,
  }: Parameters<ChargingCommands['list']>[0]): Promise<readonly ChargingCommand[]> {
    const rows = await this.#context.database.run((db) => {
      let query = db.selectFrom('charging_command').selectAll()
      if (chargePointId !== undefined) query = query.where('charge_point_id', '=', chargePointId)
      if (state !== undefined) query = query.where('state', '=', state)
      if (before !== undefined) {
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('created_at', 'id'), '<', tuple(before.createdAt, before.id)),
        )
      }
      return query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
    })
    return rows.map(toCommand)
  }

  async expire(at: number, limit: number): Promise<number> {
    const { numAffectedRows } = await this.#context.database.run((db) =>
      sql`
        UPDATE charging_command SET state = 'expired', ended_at = ${at}
        WHERE state = 'queued' AND id IN (
          SELECT id FROM charging_command WHERE state = 'queued' AND expires_at <= ${at}
          ORDER BY expires_at LIMIT ${limit}
        )`.execute(db),
    )
    return Number(numAffectedRows ?? 0)
  }

  async endLost(sentBefore: number, at: number, limit: number): Promise<number> {
    const { numAffectedRows } = await this.#context.database.run((db) =>
      sql`
        UPDATE charging_command
        SET state = 'unknown', ended_at = ${at}, reason = 'no answer came'
        WHERE state = 'sent' AND id IN (
          SELECT id FROM charging_command
          WHERE state = 'sent' AND sent_at < ${sentBefore}
          LIMIT ${limit}
        )`.execute(db),
    )
    return Number(numAffectedRows ?? 0)
  }

  endUnanswered(chargePointId: string, at: number): Promise<number> {
    return this.#endUnanswered({ chargePointId, at })
  }

  async release(id: string): Promise<void> {
    await this.#context.database.run((db) =>
      db
        .updateTable('charging_command')
        .set({ state: 'queued', sent_at: null, instance: null, claim: null })
        .where('id', '=', id)
        .where('state', '=', 'sent')
        .execute(),
    )
  }

  async cancel(id: string, at: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#context.database.run((db) =>
      db
        .updateTable('charging_command')
        .set({ state: 'cancelled', ended_at: at })
        .where('id', '=', id)
        .where('state', '=', 'queued')
        .executeTakeFirst(),
    )
    return numUpdatedRows > 0n
  }

  async #fetch(ids: readonly string[]): Promise<ReadonlyMap<string, ChargingCommand>> {
    const { database } = this.#context
    const asked = database.rows(
      'x',
      { id: 'text' },
      ids.map((id) => ({ id })),
    )
    const { rows } = await database.run((db) =>
      sql<ChargingCommandRow>`SELECT charging_command.* FROM ${asked}
        CROSS JOIN charging_command WHERE charging_command.id = x.id`.execute(db),
    )
    return new Map(rows.map((row) => [row.id, toCommand(row)]))
  }
}
