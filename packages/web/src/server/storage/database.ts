import type { Clock } from '@quartet/runtime'
import { Kysely, sql } from 'kysely'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from './migrations.ts'
import { nodeSqliteDialect } from './node-sqlite-dialect.ts'
import type { Tables } from './schema.ts'

export type Database = Kysely<Tables>

/** Another process, such as a backup, may hold the file this long before a write fails. */
const BUSY_TIMEOUT_MS = 5000

/**
 * Opens grafana.db, creating or migrating it.
 * @param path a file, or `:memory:`
 */
export async function openDatabase(options: { path: string; clock: Clock }): Promise<Database> {
  if (options.path !== ':memory:') mkdirSync(dirname(options.path), { recursive: true })
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(() => openFile(options.path)) })
  try {
    await migrate(db, options.clock)
  } catch (cause) {
    await db.destroy()
    throw new Error(`${options.path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
  return db
}

function openFile(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  // With WAL readers and the writer do not wait for each other; `normal` keeps the file whole through a power cut.
  database.exec(`pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = ${BUSY_TIMEOUT_MS}`)
  return database
}

async function migrate(db: Database, clock: Clock): Promise<void> {
  await sql`create table if not exists migration_log (id text primary key, applied_ms integer not null)`.execute(db)
  const applied = new Set((await db.selectFrom('migration_log').select('id').execute()).map(({ id }) => id))
  const unknown = [...applied].filter((id) => !MIGRATIONS.some((migration) => migration.id === id))
  if (unknown.length > 0) throw new Error(`it was written by a newer version (${unknown.join(', ')})`)
  for (const { id, statements } of MIGRATIONS) {
    if (applied.has(id)) continue
    await db.transaction().execute(async (transaction) => {
      for (const statement of statements) await sql.raw(statement).execute(transaction)
      await transaction.insertInto('migration_log').values({ id, applied_ms: clock.nowMs() }).execute()
    })
  }
}
