import { FakeClock, recordingLogger, temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { once, EventEmitter } from 'node:events'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Dashboards } from '../storage/dashboards.ts'
import { openDatabase } from '../storage/database.ts'
import { Folders } from '../storage/folders.ts'
import { DashboardProvisioner } from './dashboard-provisioner.ts'
import type { DashboardProvider } from './dashboard-providers.ts'

async function setUp(change: Partial<DashboardProvider> = {}) {
  const directory = await temporaryDirectory()
  const clock = new FakeClock()
  const db = await openDatabase({ path: ':memory:', clock })
  const dashboards = new Dashboards(db, { clock, versionsToKeep: 20 })
  const folders = new Folders(db, clock)
  const { logger, records } = recordingLogger()
  const provider: DashboardProvider = {
    name: 'files',
    path: directory.path,
    folder: '',
    folderUid: undefined,
    foldersFromFilesStructure: false,
    isDeletionDisabled: false,
    areUiUpdatesAllowed: false,
    updateIntervalMs: 10_000,
    ...change,
  }
  const provisioner = new DashboardProvisioner({ providers: [provider], dashboards, folders, clock, logger })
  const write = async (name: string, json: unknown): Promise<void> => {
    await mkdir(join(directory.path, name, '..'), { recursive: true })
    await writeFile(join(directory.path, name), typeof json === 'string' ? json : JSON.stringify(json))
  }
  const titles = async (): Promise<string[]> =>
    (await dashboards.search({ limit: 100, offset: 0 })).map(({ title }) => title)
  return { directory, clock, dashboards, folders, records, provisioner, write, titles }
}

test('reads files, notices changed and removed ones', async () => {
  const { directory, provisioner, write, titles, dashboards } = await setUp()
  await write('a.json', { uid: 'a', title: 'A' })
  await write('sub/b.json', { title: 'B' })
  await write('.hidden/c.json', { title: 'C' })
  await provisioner.rescan()
  assert.deepEqual(await titles(), ['A', 'B'])
  await write('a.json', { uid: 'a', title: 'A2' })
  await rm(join(directory.path, 'sub/b.json'))
  await provisioner.rescan()
  assert.deepEqual(await titles(), ['A2'])
  assert.equal((await dashboards.get('a'))?.version, 2)
  await directory.remove()
})

test('a broken file keeps the dashboard and is reported once, with its place', async () => {
  const { directory, provisioner, write, titles, records } = await setUp()
  await write('a.json', { uid: 'a', title: 'A' })
  await provisioner.rescan()
  await write('a.json', '{\n  "uid": "a",\n  "title": }')
  await provisioner.rescan()
  await provisioner.rescan()
  assert.deepEqual(await titles(), ['A'])
  const problem = `${join(directory.path, 'a.json')}:3:12: error: expected a value, found "}"`
  assert.deepEqual(provisioner.status[0].problems, [problem])
  assert.deepEqual(
    records.filter(({ level }) => level === 'error').map(({ fields }) => fields.problem),
    [problem],
  )
  await write('a.json', { uid: 'a', title: 'Again' })
  await provisioner.rescan()
  assert.deepEqual([await titles(), provisioner.status[0].problems], [['Again'], []])
  await directory.remove()
})

test('reports files that share a uid, have a bad one, or no title', async () => {
  const { directory, provisioner, write } = await setUp()
  await write('a.json', { uid: 'x', title: 'A' })
  await write('b.json', { uid: 'x', title: 'B' })
  await write('c.json', { uid: 'not good', title: 'C' })
  await write('d.json', { uid: 'd' })
  await write('e.json', '[]')
  await provisioner.rescan()
  assert.deepEqual(
    provisioner.status[0].problems.map((problem) => problem.replaceAll(`${directory.path}/`, '')),
    [
      'b.json:1:1: error: uid "x" is used already by a.json',
      'c.json:1:1: error: uid contains illegal characters',
      'd.json:1:1: error: Dashboard title cannot be empty',
      'e.json:1:1: error: not a dashboard: an object is expected',
    ],
  )
  await directory.remove()
})

test('makes folders from sub-directories', async () => {
  const { directory, provisioner, write, folders, dashboards } = await setUp({ foldersFromFilesStructure: true })
  await write('shop/a.json', { uid: 'a', title: 'A' })
  await write('b.json', { uid: 'b', title: 'B' })
  await provisioner.rescan()
  const [folder] = await folders.list()
  assert.equal(folder.title, 'shop')
  assert.equal((await dashboards.get('a'))?.folder_uid, folder.uid)
  assert.equal((await dashboards.get('b'))?.folder_uid, '')
  await directory.remove()
})

test('keeps dashboards when their folder cannot be read, or when deletion is disabled', async () => {
  const { directory, provisioner, write, titles } = await setUp()
  await write('a.json', { uid: 'a', title: 'A' })
  await provisioner.rescan()
  await rename(directory.path, `${directory.path}-away`)
  await provisioner.rescan()
  assert.deepEqual(await titles(), ['A'])
  assert.match(provisioner.status[0].problems[0], /cannot be read/)
  await rename(`${directory.path}-away`, directory.path)
  await directory.remove()

  const kept = await setUp({ isDeletionDisabled: true })
  await kept.write('a.json', { uid: 'a', title: 'A' })
  await kept.provisioner.rescan()
  await rm(join(kept.directory.path, 'a.json'))
  await kept.provisioner.rescan()
  assert.equal((await kept.dashboards.get('a'))?.provider, '')
  await kept.directory.remove()
})

test('sees a saved file without being asked', async () => {
  const { directory, provisioner, write, clock, dashboards } = await setUp()
  await write('a.json', { uid: 'a', title: 'A' })
  await provisioner.rescan()
  const events = new EventEmitter()
  dashboards.onChange((change) => events.emit('change', change))
  provisioner.watch()
  const changed = once(events, 'change')
  await clock.advance(0)
  await write('a.json', { uid: 'a', title: 'B' })
  const interval = setInterval(() => void clock.advance(1000), 5)
  const [change] = await changed
  clearInterval(interval)
  assert.deepEqual(change, { uid: 'a', action: 'saved', version: 2 })
  await provisioner.stop()
  await directory.remove()
})
