import { systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDatabase } from './database.ts'

const memory = (): ReturnType<typeof openDatabase> => openDatabase({ path: ':memory:', clock: systemClock })

test('keeps what was written when it is opened again', async () => {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'sub', 'grafana.db')
  const first = await openDatabase({ path, clock: systemClock })
  const result = await first.insertInto('kv_store').values({ key: 'a', value: '1' }).executeTakeFirstOrThrow()
  assert.equal(result.numInsertedOrUpdatedRows, 1n)
  await first.destroy()
  const second = await openDatabase({ path, clock: systemClock })
  assert.deepEqual(
    { ...(await second.selectFrom('kv_store').selectAll().executeTakeFirst()) },
    { key: 'a', value: '1' },
  )
  await second.destroy()
  await directory.remove()
})

test('a failing transaction leaves nothing behind, and others wait for it', async () => {
  const db = await memory()
  const failing = db.transaction().execute(async (transaction) => {
    await transaction.insertInto('kv_store').values({ key: 'a', value: '1' }).execute()
    await new Promise((resolve) => setImmediate(resolve))
    throw new Error('no')
  })
  const outside = db.insertInto('kv_store').values({ key: 'b', value: '2' }).execute()
  await assert.rejects(failing, /no/)
  await outside
  assert.deepEqual(
    (await db.selectFrom('kv_store').select('key').execute()).map(({ key }) => key),
    ['b'],
  )
  await db.destroy()
})

test('savepoints can be rolled back', async () => {
  const db = await memory()
  const transaction = await db.startTransaction().execute()
  await transaction.insertInto('kv_store').values({ key: 'a', value: '1' }).execute()
  const inner = await transaction.savepoint('before b').execute()
  await inner.insertInto('kv_store').values({ key: 'b', value: '2' }).execute()
  await inner.rollbackToSavepoint('before b').execute()
  await transaction.commit().execute()
  assert.equal((await db.selectFrom('kv_store').selectAll().execute()).length, 1)
  await db.destroy()
})

test('streams rows while other queries with the same text run', async () => {
  const db = await memory()
  for (const key of ['a', 'b', 'c']) await db.insertInto('kv_store').values({ key, value: key }).execute()
  const keys: string[] = []
  for await (const { key } of db.selectFrom('kv_store').selectAll().orderBy('key').stream()) keys.push(key)
  assert.deepEqual(keys, ['a', 'b', 'c'])
  await db.destroy()
})

test('refuses a file of a newer version and a file that is no database', async () => {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'grafana.db')
  const db = await openDatabase({ path, clock: systemClock })
  await db.insertInto('migration_log').values({ id: '9999 later', applied_ms: 0 }).execute()
  await db.destroy()
  await assert.rejects(
    openDatabase({ path, clock: systemClock }),
    /grafana\.db cannot be used: it was written by a newer/,
  )
  const other = join(directory.path, 'other.db')
  await writeFile(other, 'this is not a database, but it is long enough to be looked at'.repeat(40))
  await assert.rejects(
    openDatabase({ path: other, clock: systemClock }),
    /other\.db cannot be used: file is not a database/,
  )
  await directory.remove()
})
