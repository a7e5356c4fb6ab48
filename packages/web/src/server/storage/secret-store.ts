import { randomBytes } from 'node:crypto'
import type { Database } from './database.ts'

/** The key that session tokens are hashed with: the configured one, or one that is made once and kept in the database. */
export async function loadSecretKey(db: Database, configured: string): Promise<string> {
  if (configured !== '') return configured
  const made = { key: 'secret_key', value: randomBytes(32).toString('base64url') }
  await db
    .insertInto('kv_store')
    .values(made)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const row = await db.selectFrom('kv_store').select('value').where('key', '=', 'secret_key').executeTakeFirstOrThrow()
  return row.value
}
