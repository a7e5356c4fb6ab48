import { FakeClock } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DashboardChange, DashboardJson } from '../../common/api.ts'
import { checkUid, DashboardError, newUid, slugOf } from './dashboard-rules.ts'
import { Dashboards } from './dashboards.ts'
import { openDatabase } from './database.ts'
import { Users } from './users.ts'

async function setUp() {
  const clock = new FakeClock()
  const db = await openDatabase({ path: ':memory:', clock })
  const userId = await new Users(db).create({ login: 'a', email: 'a@x', passwordHash: '', isAdmin: true, nowMs: 0 })
  const dashboards = new Dashboards(db, { clock, versionsToKeep: 3 })
  const save = (json: DashboardJson, overwrite = false) =>
    dashboards.save({ json, folderUid: '', overwrite, message: '', login: 'a', isUiUpdateAllowed: () => false })
  return { dashboards, save, userId }
}

const file = (title: string, checksum: string) => ({
  json: { uid: 'from-file', title, tags: ['shop', 'red'] },
  uid: 'from-file',
  folderUid: '',
  provider: 'quartet',
  externalId: 'a.json',
  checksum,
})

const failsWith = (status: number, message: string) => (error: unknown) => {
  assert.ok(error instanceof DashboardError)
  assert.deepEqual([error.status, error.message], [status, message])
  return true
}

test('slugs and uids follow the rules', () => {
  assert.equal(slugOf('Service overview (RED) – Büro'), 'service-overview-red-buro')
  assert.match(slugOf('概要'), /^[0-9a-f]{12}$/)
  assert.match(newUid(), /^[a-z][0-9a-f]{13}$/)
  assert.throws(() => checkUid('a b'), failsWith(400, 'uid contains illegal characters'))
  assert.throws(() => checkUid('a'.repeat(41)), failsWith(400, 'uid too long, max 40 characters'))
})

test('saving counts versions and refuses an outdated one', async () => {
  const { dashboards, save } = await setUp()
  const first = await save({ title: 'One' })
  assert.equal(first.version, 1)
  const second = await save({ id: first.id, uid: first.uid, title: 'One!', version: 1 })
  assert.equal(second.version, 2)
  const outdated = { id: first.id, uid: first.uid, title: 'Late', version: 1 }
  await assert.rejects(save(outdated), failsWith(412, 'The dashboard has been changed by someone else'))
  assert.equal((await save(outdated, true)).version, 3)
  await save({ ...outdated, version: 3 })
  const versions = await dashboards.versions(first.uid, 10)
  assert.deepEqual(
    versions.map(({ version, parent_version }) => [version, parent_version]),
    [
      [4, 3],
      [3, 2],
      [2, 1],
    ],
  )
})

test('refuses what has no title and what is not there', async () => {
  const { save } = await setUp()
  await assert.rejects(save({ title: ' ' }), failsWith(400, 'Dashboard title cannot be empty'))
  await assert.rejects(save({ id: 99, uid: 'x', title: 'T', version: 1 }), failsWith(404, 'Dashboard not found'))
})

test('a file is written once, changed when it changes, and not saved over', async () => {
  const { dashboards, save } = await setUp()
  const changes: DashboardChange[] = []
  const end = dashboards.onChange((change) => changes.push(change))
  assert.equal(await dashboards.provision(file('A', '1')), 'written')
  assert.equal(await dashboards.provision(file('A', '1')), 'unchanged')
  assert.equal(await dashboards.provision(file('B', '2')), 'written')
  const row = await dashboards.get('from-file')
  assert.equal(row?.version, 2)
  await assert.rejects(
    save({ uid: 'from-file', title: 'Mine', id: row.id, version: 2 }),
    failsWith(400, 'Cannot save provisioned dashboard'),
  )
  assert.ok(await dashboards.remove('from-file'))
  end()
  assert.deepEqual(
    changes.map(({ action, version }) => `${action} ${version}`),
    ['saved 1', 'saved 2', 'deleted 0'],
  )
})

test('finds by title, tag and star', async () => {
  const { dashboards, save, userId } = await setUp()
  await dashboards.provision(file('Service overview', '1'))
  await save({ title: '100% other', uid: 'other' })
  await dashboards.setStar(userId, 'other', true)
  await dashboards.setStar(userId, 'other', true)
  const find = async (search: object) =>
    (await dashboards.search({ limit: 10, offset: 0, ...search })).map(({ uid }) => uid)
  assert.deepEqual(await find({}), ['other', 'from-file'])
  assert.deepEqual(await find({ text: 'SERVICE' }), ['from-file'])
  assert.deepEqual(await find({ tags: ['red', 'shop'] }), ['from-file'])
  assert.deepEqual(await find({ tags: ['re'] }), [])
  assert.deepEqual(await find({ starredBy: userId }), ['other'])
  assert.deepEqual(await find({ offset: 1 }), ['from-file'])
  assert.deepEqual(await dashboards.tags(), [
    { term: 'red', count: 1 },
    { term: 'shop', count: 1 },
  ])
})
