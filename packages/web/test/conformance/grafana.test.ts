import { silentLogger, systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { DashboardProvisioner } from '../../src/server/provisioning/dashboard-provisioner.ts'
import { listDashboardFiles } from '../../src/server/provisioning/dashboard-files.ts'
import { loadDashboardProviders } from '../../src/server/provisioning/dashboard-providers.ts'
import { loadDataSources } from '../../src/server/provisioning/data-sources.ts'
import { Dashboards } from '../../src/server/storage/dashboards.ts'
import { openDatabase } from '../../src/server/storage/database.ts'
import { Folders } from '../../src/server/storage/folders.ts'

/** Beside the checkout; absent on machines that have only the repository. */
const CORPUS = resolve(import.meta.dirname, '../../../../../shared/conformance/grafana')
const skip = existsSync(CORPUS) ? false : '../shared/conformance is not there'

test('every public dashboard of the corpus can be provisioned', { skip }, async () => {
  const clock = systemClock
  const db = await openDatabase({ path: ':memory:', clock })
  const dashboards = new Dashboards(db, { clock, versionsToKeep: 1 })
  const provider = {
    name: 'corpus',
    path: CORPUS,
    folder: '',
    folderUid: undefined,
    foldersFromFilesStructure: true,
    isDeletionDisabled: false,
    areUiUpdatesAllowed: false,
    updateIntervalMs: 60_000,
  }
  const provisioner = new DashboardProvisioner({
    providers: [provider],
    dashboards,
    folders: new Folders(db, clock),
    clock,
    logger: silentLogger,
  })
  await provisioner.rescan()
  const files = await listDashboardFiles(CORPUS)
  const [{ problems, dashboards: loaded }] = provisioner.status
  const place = (problem: string): string => problem.replaceAll(`${CORPUS}/`, '')
  console.log(`grafana: ${loaded} of ${files.length} files provisioned, ${problems.length} refused`)
  // Copies of one dashboard in several projects share a uid, and some files hold frames, not dashboards: both are told.
  const other = problems
    .map(place)
    .filter((text) => !/is used already by|Dashboard title cannot be empty|an object is expected/.test(text))
  assert.deepEqual(other, [])
  assert.equal(loaded + problems.length, files.length)
})

const PROVISIONING = [
  ['datasources/prometheus/single.yml', 'datasources'],
  ['datasources/prometheus/cluster.yml', 'datasources'],
  ['dashboards/dashboard.yml', 'dashboards'],
] as const

for (const [path, folder] of PROVISIONING) {
  test(`loads VictoriaMetrics’ ${path}`, { skip }, async () => {
    const directory = await temporaryDirectory()
    await mkdir(join(directory.path, folder))
    const source = join(CORPUS, 'VictoriaMetrics__VictoriaMetrics/deployment/docker/provisioning', path)
    await cp(source, join(directory.path, folder, 'a.yml'))
    const loaded =
      folder === 'datasources'
        ? (await loadDataSources(directory.path, {})).list
        : await loadDashboardProviders(directory.path, {})
    assert.ok(loaded.length > 0)
    await directory.remove()
  })
}
