import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkLayers, importsOf, readSources, unknownRooms } from './layers.ts'
import type { SourceFile } from './layers.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

function problemsOf(files: Record<string, string>): string[] {
  return checkLayers(Object.entries(files).map(([path, text]): SourceFile => ({ path, text })))
}

test('imports point strictly down, no system imports another, no file imports itself in a circle', () => {
  assert.deepEqual(checkLayers(readSources(ROOT)), [])
})

test('every folder of a system is a room of DESIGN.md', () => {
  assert.deepEqual(unknownRooms(readSources(ROOT)), [])
})

test('reads every form of import and nothing else', () => {
  const text = [
    "import { a } from './a.ts'",
    "import type {\n  B,\n} from './b.ts'",
    "import './c.ts'",
    "export * from './d.ts'",
    "const e = await import('./e.ts')",
    "const important = 'from ./none.ts'",
    "// import x from 'comments are not looked at'.slice(1)",
  ].join('\n')
  assert.deepEqual(importsOf(text), ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts'])
})

const VIOLATIONS: readonly [string, Record<string, string>, RegExp][] = [
  ['an import upwards', { 'packages/model/src/a.ts': "import { x } from '@quartet/storage'" }, /strictly down/],
  ['an import sideways', { 'packages/storage/src/a.ts': "import type { x } from '@quartet/runtime'" }, /strictly down/],
  [
    'one system importing another',
    { 'packages/web/src/server/a.ts': "await import('@quartet/metrics')" },
    /web \(layer 3\) imports metrics/,
  ],
  ['a sideways import of a test', { 'packages/logs/src/a.test.ts': "import '@quartet/traces'" }, /strictly down/],
  ['a deep import', { 'packages/metrics/src/a.ts': "import { x } from '@quartet/storage/src/wal.ts'" }, /front door/],
  [
    'a path into another package',
    { 'packages/metrics/src/a.ts': "import { x } from '../../storage/src/wal.ts'" },
    /by a path/,
  ],
  [
    'test doubles in the product',
    { 'packages/metrics/src/a.ts': "import { x } from '@quartet/storage/testing'" },
    /outside of a test/,
  ],
  [
    'a package that nobody knows',
    { 'packages/metrics/src/a.ts': "import { x } from '@quartet/extras'" },
    /no layer knows/,
  ],
  [
    'the own package by name',
    { 'packages/metrics/src/a.ts': "import { x } from '@quartet/metrics'" },
    /its own package/,
  ],
  [
    'a room importing one below it',
    { 'packages/logs/src/config/a.ts': "import '../api/b.ts'", 'packages/logs/src/api/b.ts': '' },
    /below it/,
  ],
  [
    'query importing storage',
    { 'packages/logs/src/query/a.ts': "import '../storage/b.ts'", 'packages/logs/src/storage/b.ts': '' },
    /must not know storage/,
  ],
  [
    'the browser importing the server',
    { 'packages/web/src/browser/a.tsx': "import '../server/b.ts'" },
    /must not know server/,
  ],
  ['a room importing the service', { 'packages/logs/src/api/a.ts': "import '../service.ts'" }, /wires the rooms/],
  [
    'a circle of files',
    { 'packages/model/src/a.ts': "import './b.ts'", 'packages/model/src/b.ts': "import type { x } from './a.ts'" },
    /a\.ts <-> packages\/model\/src\/b\.ts: import each other/,
  ],
]

for (const [name, files, expected] of VIOLATIONS) {
  test(`finds ${name}`, () => {
    const problems = problemsOf(files)
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.match(problems[0]!, expected)
  })
}

test('allows what DESIGN.md allows', () => {
  const allowed = {
    'packages/metrics/src/service.ts': "import './api/a.ts'\nimport '@quartet/scrape'\nimport { z } from 'zod'",
    'packages/metrics/src/api/a.ts': "import '../query/b.ts'\nimport '../config/c.ts'",
    'packages/metrics/src/query/b.ts': "import '../config/c.ts'\nimport '@quartet/query'",
    'packages/metrics/src/config/c.ts': "import '@quartet/model'",
    'packages/metrics/src/query/b.test.ts': "import '../storage/d.ts'\nimport '@quartet/storage/testing'",
    'packages/metrics/src/storage/d.ts': "import type { Source } from '../query/source.ts'",
    'packages/metrics/src/query/source.ts': '',
    'packages/metrics/test/property/e.test.ts': "import '@quartet/metrics'",
    'packages/web/src/browser/e.ts': "import '../common/f.ts'",
    'packages/web/src/common/f.ts': '',
    'bench/src/g.ts': "import '@quartet/metrics'",
  }
  assert.deepEqual(problemsOf(allowed), [])
})

test('finds a folder that is no room', () => {
  assert.deepEqual(unknownRooms([{ path: 'packages/logs/src/helpers/a.ts', text: '' }]), [
    'packages/logs/src/helpers: is no room; there are config, storage, ingest, query, rules, api',
  ])
})
