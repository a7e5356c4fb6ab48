import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, frame } from '../datasources/frame.ts'
import { interpolate } from '../grafana/template-service.ts'
import { withCellVariables } from './data-context.ts'

test('a link is filled from the cell it belongs to', () => {
  const field = column('string', 'id', ['a', 'b'], { labels: { job: 'x' } })
  const data = frame({ fields: [field] })
  const context = { data: [data], frame: data, field, rowIndex: 1 }
  const scopedVars = withCellVariables({ __dataContext: { value: context } })
  assert.equal(interpolate('/t/${__value.raw}/${__field.labels.job}', scopedVars), '/t/b/x')
  assert.equal(interpolate('/${__data.fields.id}', scopedVars), '/b')
})

test('without a cell nothing is added', () => {
  assert.deepEqual(withCellVariables({}), {})
})
