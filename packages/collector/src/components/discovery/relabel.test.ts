import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildComponent, decodeSettings, testContext } from '../../../test/support/context.ts'
import { display } from '../../../test/support/display.ts'
import { discoveryRelabel } from './relabel.ts'

const TARGETS = 'targets = [{ __address__ = "a:1", env = "prod" }, { __address__ = "b:1", env = "test" }]\n'
const KEEP = 'rule {\n source_labels = ["env"]\n regex = "prod"\n action = "keep"\n}\n'
const RENAME = 'rule {\n source_labels = ["__address__"]\n target_label = "instance"\n}\n'

test('targets go through the rules in their order', () => {
  const component = buildComponent(discoveryRelabel, testContext(), TARGETS + KEEP + RENAME)
  assert.deepEqual(display(component.exports.get('output')), [{ __address__: 'a:1', env: 'prod', instance: 'a:1' }])
  const all = buildComponent(discoveryRelabel, testContext(), TARGETS)
  assert.equal((display(all.exports.get('output')) as unknown[]).length, 2)
})

test('new rules give new targets and tell who refers to them', async () => {
  let changes = 0
  const context = { ...testContext(), exportsChanged: () => changes++ }
  const component = buildComponent(discoveryRelabel, context, TARGETS)
  await component.start()
  const rules = component.exports.get('rules')
  await component.update(decodeSettings(discoveryRelabel, TARGETS + KEEP))
  assert.equal(changes, 1)
  assert.deepEqual(display(component.exports.get('output')), [{ __address__: 'a:1', env: 'prod' }])
  assert.notEqual(component.exports.get('rules'), rules)
})

test('a rule that cannot work is refused', () => {
  assert.throws(() => decodeSettings(discoveryRelabel, TARGETS + 'rule {\n regex = "("\n}'), /missing/)
  assert.throws(
    () => decodeSettings(discoveryRelabel, TARGETS + 'rule {\n action = "nothing"\n}'),
    /unknown relabel action "nothing"/,
  )
})
