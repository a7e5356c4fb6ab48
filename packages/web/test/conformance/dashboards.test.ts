import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { migrateDashboard } from '../../src/browser/dashboard/migrations/dashboard.ts'
import type { PanelModel } from '../../src/browser/dashboard/model.ts'
import { placePanels } from '../../src/browser/dashboard/repeats.ts'

const corpus = fileURLToPath(new URL('../../../../../shared/conformance/grafana/', import.meta.url))
const removedTypes = new Set(['graph', 'singlestat', 'table-old', 'grafana-singlestat-panel', 'grafana-piechart-panel'])

/** Public dashboards have no expected results: that all of each is understood is the test. */
test('every public dashboard is migrated and laid out', { skip: !existsSync(corpus) }, async () => {
  let dashboards = 0
  let panels = 0
  for (const path of await readdir(corpus, { recursive: true })) {
    const dashboard = path.endsWith('.json') ? await readDashboard(join(corpus, path)) : undefined
    if (!dashboard) continue
    dashboards++
    const model = migrateDashboard(dashboard)
    const all = model.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])])
    panels += all.length
    for (const panel of all) checkPanel(panel, path)
    const placed = placePanels(model.panels, () => [
      { value: 'a', text: 'a' },
      { value: 'b', text: 'b' },
    ])
    const keys = placed.flatMap((row) => row.panels.map(({ key }) => key))
    const originals = all.filter(({ type }) => type !== 'row')
    assert.ok(keys.length >= originals.length, `${path}: ${originals.length} panels, ${keys.length} placed`)
  }
  assert.ok(dashboards > 50, `only ${dashboards} dashboards found`)
  console.log(`${dashboards} dashboards, ${panels} panels`)
})

function checkPanel(panel: PanelModel, path: string): void {
  const where = `${path}, panel ${panel.id} "${panel.title}"`
  assert.ok(!removedTypes.has(panel.type), `${where} is still of type ${panel.type}`)
  assert.ok(panel.gridPos.w > 0 && panel.gridPos.h > 0, `${where} has no size`)
  const refIds = panel.targets.map(({ refId }) => refId)
  assert.ok(
    refIds.every((refId) => refId !== ''),
    `${where} has a query without refId`,
  )
}

async function readDashboard(path: string): Promise<Record<string, unknown> | undefined> {
  const parsed = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  const dashboard = (parsed['dashboard'] ?? parsed) as Record<string, unknown>
  return Array.isArray(dashboard['panels']) || Array.isArray(dashboard['rows']) ? dashboard : undefined
}
