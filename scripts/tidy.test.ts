import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readSources } from './layers.ts'
import { checkSource, inexactVersions, LONG_FILES, MAX_LINES, packagesWithoutReadme } from './tidy.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

test('sources are tidy', () => {
  // This file and its fixtures quote what they forbid.
  const files = readSources(ROOT).filter(({ path }) => !path.startsWith('scripts/'))
  assert.deepEqual(files.flatMap(checkSource), [])
})

test('every exception for a long file is still needed', () => {
  const sizes = new Map(readSources(ROOT).map(({ path, text }) => [path, text.split('\n').length]))
  assert.deepEqual(
    Object.keys(LONG_FILES).filter((path) => (sizes.get(path) ?? 0) <= MAX_LINES),
    [],
  )
})

test('every version is exact', () => {
  assert.deepEqual(inexactVersions(ROOT), [])
})

test('every package has a README.md', () => {
  assert.deepEqual(packagesWithoutReadme(ROOT), [])
})

for (const [name, path, text, expected] of [
  ['an enum', 'packages/model/src/a.ts', 'export const enum Color {', /enum/],
  ['a default export', 'packages/model/src/a.ts', 'export default 1', /default export/],
  ['a wall clock in a system', 'packages/logs/src/ingest/a.ts', 'const t = Date.now()', /time is an input/],
  ['a timer in a system', 'packages/web/src/server/a.ts', 'setTimeout(f, 1)', /time is an input/],
  ['a suppressed type error', 'packages/model/src/a.ts', 'f() // @ts-ignore', /ts-expect-error/],
  ['a long file', 'packages/model/src/a.ts', 'x\n'.repeat(MAX_LINES + 1), /split it by concept/],
] as const) {
  test(`finds ${name}`, () => {
    const problems = checkSource({ path, text })
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, expected)
  })
}

test('leaves comments, tests, the browser and the clock alone', () => {
  for (const path of [
    'packages/runtime/src/clock.ts',
    'packages/logs/src/a.test.ts',
    'packages/web/src/browser/a.ts',
  ]) {
    assert.deepEqual(checkSource({ path, text: 'setTimeout(f, 1)' }), [], path)
  }
  assert.deepEqual(checkSource({ path: 'packages/logs/src/a.ts', text: '// no Date.now() here' }), [])
})

test('finds versions that can move and packages without a README', async () => {
  const directory = await temporaryDirectory()
  await mkdir(join(directory.path, 'packages/a'), { recursive: true })
  await mkdir(join(directory.path, 'examples'))
  const manifest = { dependencies: { b: '^1.0.0', c: '1.2.3', d: 'npm:@e/f@7.0.0-beta.57', g: 'latest' } }
  await writeFile(join(directory.path, 'packages/a/package.json'), JSON.stringify(manifest))
  assert.deepEqual(inexactVersions(directory.path), [
    'packages/a/package.json: b ^1.0.0',
    'packages/a/package.json: g latest',
  ])
  assert.deepEqual(packagesWithoutReadme(directory.path), ['packages/a/README.md'])
  await directory.remove()
})
