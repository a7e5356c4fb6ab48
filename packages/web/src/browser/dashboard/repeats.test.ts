import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PanelModel } from './model.ts'
import { placePanels } from './repeats.ts'

const panel = (id: number, y: number, extra: Partial<PanelModel> = {}): PanelModel => ({
  id,
  type: 'stat',
  title: '',
  gridPos: { x: 0, y, w: 12, h: 4 },
  targets: [],
  options: {},
  fieldConfig: { defaults: {}, overrides: [] },
  transformations: [],
  links: [],
  ...extra,
})
const row = (id: number, y: number, extra: Partial<PanelModel> = {}) =>
  panel(id, y, { type: 'row', gridPos: { x: 0, y, w: 24, h: 1 }, ...extra })
const values =
  (...names: string[]) =>
  () =>
    names.map((name) => ({ value: name, text: name }))

test('panels follow the row above them, those of a folded row are inside it', () => {
  const rows = placePanels(
    [panel(1, 0), row(2, 4), panel(3, 5), row(4, 9, { collapsed: true, panels: [panel(5, 10)] })],
    values(),
  )
  assert.deepEqual(
    rows.map(({ key, panels }) => [key, panels.map(({ key }) => key)]),
    [
      ['row-top', ['panel-1']],
      ['row-2', ['panel-3']],
      ['row-4', ['panel-5']],
    ],
  )
})

test('copies lie side by side and what follows moves down', () => {
  const [top] = placePanels([panel(1, 0, { repeat: 'x', maxPerRow: 2 }), panel(2, 4)], values('a', 'b', 'c'))
  assert.deepEqual(
    top?.panels.map(({ key, gridPos: { x, y, w } }) => [key, x, y, w]),
    [
      ['panel-1', 0, 0, 12],
      ['panel-1-clone-1', 12, 0, 12],
      ['panel-1-clone-2', 0, 4, 12],
      ['panel-2', 0, 8, 12],
    ],
  )
  assert.deepEqual(top?.panels[1]?.scope, [{ name: 'x', value: { value: 'b', text: 'b' } }])
})

test('copies lie below each other on request', () => {
  const [top] = placePanels([panel(1, 0, { repeat: 'x', repeatDirection: 'v' })], values('a', 'b'))
  assert.deepEqual(
    top?.panels.map(({ gridPos: { x, y } }) => [x, y]),
    [
      [0, 0],
      [0, 4],
    ],
  )
})

test('rows are repeated with their panels', () => {
  const rows = placePanels([row(1, 0, { repeat: 'x' }), panel(2, 1), row(3, 5)], values('a', 'b'))
  assert.deepEqual(
    rows.map(({ key, y, panels }) => [key, y, panels[0]?.gridPos.y, panels[0]?.key]),
    [
      ['row-1', 0, 1, 'panel-2'],
      ['row-1-row-1', 5, 6, 'panel-2-row-1'],
      ['row-3', 10, undefined, undefined],
    ],
  )
  assert.equal(rows[1]?.scope[0]?.value.value, 'b')
})

test('a variable without values shows the panel once', () => {
  const [top] = placePanels([panel(1, 0, { repeat: 'x' })], values())
  assert.equal(top?.panels.length, 1)
})
