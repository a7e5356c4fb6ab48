import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderLegend, seriesName } from './legend.ts'

test('a legend names labels, unknown ones vanish', () => {
  assert.equal(renderLegend('{{job}} at {{ instance }}{{nope}}', { job: 'api', instance: 'a:1' }), 'api at a:1')
})

test('a series is named by its metric and labels', () => {
  assert.equal(seriesName({ __name__: 'up', job: 'api' }, 'up'), 'up{job="api"}')
  assert.equal(seriesName({ __name__: 'up' }, 'x'), 'up')
  assert.equal(seriesName({}, 'vector(1)'), 'vector(1)')
})
