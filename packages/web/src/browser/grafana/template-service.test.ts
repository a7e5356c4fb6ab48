import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interpolate, templateService } from './template-service.ts'

const scoped = {
  job: { text: 'api', value: 'api' },
  __value: { text: '', value: { raw: 'abc', labels: { zone: 'x' } } },
}

test('all three ways to write a variable', () => {
  assert.equal(interpolate('$job [[job]] ${job} ${job:regex}', scoped), 'api api api api')
})

test('members of values', () => {
  assert.equal(interpolate('/t/${__value.raw}?z=${__value.labels.zone}', scoped), '/t/abc?z=x')
})

test('unknown names stay', () => {
  assert.equal(interpolate('$nope ${__value.nope} 5$', scoped), '$nope ${__value.nope} 5$')
})

test('a format decides how values are written', () => {
  assert.equal(
    interpolate('$job', scoped, (value) => `<${String(value)}>`),
    '<api>',
  )
})

test('templates are recognised each time', () => {
  assert.equal(templateService.containsTemplate('a $b'), true)
  assert.equal(templateService.containsTemplate('a $b'), true)
  assert.equal(templateService.containsTemplate('a'), false)
})
