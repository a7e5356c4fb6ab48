import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/main.mjs', import.meta.url))

test('an old Node is told to be too old, and what to do', () => {
  const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })"
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, MAIN, 'version'],
    { encoding: 'utf8' },
  )
  assert.equal(status, 1)
  assert.match(stderr, /^Quartet runs on Node 24 and this is 20\.20\.2; "npm start" in its directory uses the one/)
})
