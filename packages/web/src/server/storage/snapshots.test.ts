import { FakeClock } from '@quartet/runtime/testing'
import { createUlid } from '@quartet/storage'
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openDatabase } from './database.ts'
import { databaseSnapshots } from './snapshots.ts'

test('a snapshot holds every committed row, while rows are written', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'quartet-web-snapshot-'))
  const path = join(directory, 'grafana.db')
  const db = await openDatabase({ path, clock: new FakeClock() })
  context.after(async () => {
    await db.destroy()
    await rm(directory, { recursive: true })
  })
  const write = (number: number): Promise<unknown> =>
    db
      .insertInto('kv_store')
      .values({ key: `key-${String(number).padStart(4, '0')}`, value: 'x'.repeat(2000) })
      .execute()
  for (let number = 0; number < 200; number++) await write(number)
  const snapshots = databaseSnapshots(path)
  const id = createUlid(1)
  const taking = snapshots.create(id)
  for (let number = 200; number < 260; number++) await write(number)
  const target = await taking
  assert.deepEqual(await readdir(target), ['grafana.db'])
  const copy = new DatabaseSync(join(target, 'grafana.db'), { readOnly: true })
  const keys = copy.prepare("select key from kv_store where key like 'key-%' order by key").all() as { key: string }[]
  const check = copy.prepare('pragma integrity_check').get()
  copy.close()
  assert.equal(check?.['integrity_check'], 'ok')
  assert.ok(keys.length >= 200, `only ${keys.length} rows`)
  assert.deepEqual(
    keys.map(({ key }) => Number(key.slice(4))),
    [...keys.keys()],
  )
  await snapshots.remove(id)
  assert.deepEqual(await readdir(join(directory, 'snapshots')), [])
})
