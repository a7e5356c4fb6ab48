import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printYaml } from './print-yaml.ts'

test('lays lists out as Go does and quotes what would be read as something else', async () => {
  const shared = ['x']
  const text = await printYaml({ jobs: [{ name: 'a', on: 'yes', count: '1', list: shared, again: shared }] })
  assert.equal(text, 'jobs:\n- name: a\n  "on": "yes"\n  count: "1"\n  list:\n  - x\n  again:\n  - x\n')
})
