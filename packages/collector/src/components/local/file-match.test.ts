import assert from 'node:assert/strict'
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { FakeClock, temporaryDirectory } from '@quartet/runtime/testing'
import { buildComponent, testContext, until } from '../../../test/support/context.ts'
import { display } from '../../../test/support/display.ts'
import { fileMatch } from './file-match.ts'

const NOW_MS = 1_800_000_000_000

async function world(t: TestContext, target: string, more = '') {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const { path: root } = directory
  await mkdir(join(root, 'deep'))
  for (const name of ['a.log', 'b.log', 'c.txt', 'deep/d.log']) await writeFile(join(root, name), '')
  const clock = new FakeClock({ nowMs: NOW_MS })
  let changes = 0
  const context = { ...testContext({ clock }), exportsChanged: () => changes++ }
  const component = buildComponent(
    fileMatch,
    context,
    `path_targets = [{ ${target.replaceAll('ROOT', root)} }]\n${more}`,
  )
  t.after(() => component.stop())
  const found = (): string[] =>
    (display(component.exports.get('targets')) as { __path__: string }[]).map(({ __path__ }) =>
      __path__.slice(root.length + 1),
    )
  return { root, clock, component, found, changes: () => changes }
}

test('one target per file, with the labels of its pattern, sorted', async (t) => {
  const { component, root } = await world(t, '__path__ = "ROOT/**/*.log", __path_exclude__ = "ROOT/b*", job = "x"')
  await component.start()
  assert.deepEqual(display(component.exports.get('targets')), [
    { __path__: join(root, 'a.log'), job: 'x' },
    { __path__: join(root, 'deep/d.log'), job: 'x' },
  ])
})

test('braces and question marks match; directories and missing files do not', async (t) => {
  const { component, found } = await world(t, '__path__ = "ROOT/{?.txt,deep,missing.log}"')
  await component.start()
  assert.deepEqual(found(), ['c.txt'])
})

test('looks again every sync_period and tells only of changes', async (t) => {
  const w = await world(t, '__path__ = "ROOT/*.log"', 'sync_period = "10s"')
  await w.component.start()
  assert.deepEqual([w.found(), w.changes()], [['a.log', 'b.log'], 1])
  await rm(join(w.root, 'a.log'))
  await writeFile(join(w.root, 'new.log'), '')
  assert.deepEqual(w.found(), ['a.log', 'b.log'])
  await w.clock.advance(10_000)
  await until('the new file', () => w.found().includes('new.log'))
  assert.deepEqual([w.found(), w.changes()], [['b.log', 'new.log'], 2])
})

test('files that were not written for long are left out', async (t) => {
  const w = await world(t, '__path__ = "ROOT/*.log"', 'ignore_older_than = "1h"')
  await utimes(join(w.root, 'a.log'), NOW_MS / 1000, NOW_MS / 1000 - 1800)
  await utimes(join(w.root, 'b.log'), NOW_MS / 1000, NOW_MS / 1000 - 7200)
  await w.component.start()
  assert.deepEqual(w.found(), ['a.log'])
})
