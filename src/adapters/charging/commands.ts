import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { ChargingCommand } from '../../domain/charging-command.ts'
import type {
  ChargingCommands,
  Claim,
  ClaimedCommand,
  ClaimRequest,
  CommandEnd,
  WebhookAttempt,
} from '../../ports/charging-commands.ts'
import type { ChargingCommandRow } from '../database/tables/charging.ts'
import {
  type Ended,
  end,
  endLost,
  endUnanswered,
  expire,
  type Joined,
  type Lost,
  lose,
  release,
} from './command-ends.ts'
import { claim, enqueue, type QueueClaim } from './command-queue.ts'
import { toCommand } from './command-rows.ts'
import { claimWebhooks, endWebhookAttempt } from './command-webhooks.ts'
import type { GatheredReads } from './gathered-reads.ts'
import { gatherReads, type StoreContext, usually } from './store-context.ts'

export class StoredChargingCommands implements ChargingCommands {
  readonly #context: StoreContext
  readonly #reads: GatheredReads<ChargingCommand>
  readonly #enqueue: (command: ChargingCommand) => Promise<string[]>
  readonly #claim: (claim: QueueClaim) => Promise<ClaimedCommand[]>
  readonly #release: (claim: Claim) => Promise<undefined>
  readonly #end: (end: Ended) => Promise<undefined>
  readonly #lose: (lost: Lost) => Promise<undefined>
  readonly #endUnanswered: (joined: Joined) => Promise<string[]>

  constructor(context: StoreContext) {
    this.#context = context
    const { commit, database } = context
    this.#reads = gatherReads((ids) => this.#fetch(ids))
    this.#enqueue = commit.kind((trx, items) => enqueue(database, trx, items))
    this.#claim = commit.kind((trx, items) => claim(database, trx, items))
    this.#release = commit.kind((trx, items) => release(database, trx, items))
    this.#end = commit.kind((trx, items) => end(database, trx, items))
    this.#lose = commit.kind((trx, items) => lose(database, trx, items))
    this.#endUnanswered = commit.kind((trx, items) => endUnanswered(database, trx, items))
  }

  enqueue(command: ChargingCommand): Promise<readonly string[]> {
    return this.#enqueue(command)
  }

  async countQueued(chargePointId: string, max: number): Promise<number> {
    const { rows } = await this.#context.database.run((db) =>
      sql<{ count: number }>`SELECT count(*) AS count FROM (
        SELECT 1 FROM charging_command
        WHERE charge_point_id = ${chargePointId} AND state = 'queued' LIMIT ${max}
      ) queued`.execute(db),
    )
    return Number(rows[0]?.count ?? 0)
  }

  async listWaiting(afterId: string, limit: number): Promise<readonly string[]> {
    const { rows } = await this.#context.database.run((db) =>
      sql<{ id: string }>`
        SELECT charge_point_id AS id FROM charging_command
        WHERE ended_at IS NULL AND charge_point_id > ${afterId}
          AND ${usually(sql`state = 'queued'`)}
        GROUP BY charge_point_id ORDER BY charge_point_id LIMIT ${limit}`.execute(db),
    )
    return rows.map(({ id }) => id)
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedCommand[]> {
    return this.#claim({ claim: randomUUID(), ...request })
  }

  release({ id, claim }: Claim): Promise<void> {
    return this.#release({ id, claim })
  }

  end({ id, claim }: Claim, end: CommandEnd): Promise<void> {
    return this.#end({ id, claim, ...end })
  }

  lose({ id, claim }: Claim, at: number): Promise<void> {
    return this.#lose({ id, claim, at })
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

  expire(at: number, limit: number): Promise<readonly string[]> {
    return expire(this.#context.database, { at, limit })
  }

  endLost(sentBefore: number, at: number, limit: number): Promise<readonly string[]> {
    return endLost(this.#context.database, { sentBefore, at, limit })
  }

  endUnanswered(joined: Joined): Promise<readonly string[]> {
    return this.#endUnanswered(joined)
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

  async claimWebhooks(
    at: number,
    until: number,
    limit: number,
  ): Promise<readonly ChargingCommand[]> {
    return (await claimWebhooks(this.#context.database, { at, until, limit })).map(toCommand)
  }

  endWebhookAttempt(id: string, attempt: WebhookAttempt): Promise<void> {
    return endWebhookAttempt(this.#context.database, id, attempt)
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
