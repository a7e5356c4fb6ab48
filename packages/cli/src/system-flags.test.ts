import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlagDefinition } from '@quartet/runtime'
import { readSystemFlags, UsageError } from './system-flags.ts'

const DEFINITIONS: readonly FlagDefinition[] = [
  { name: 'config.file', kind: 'string', default: '${stack}/a.yml', help: '' },
  { name: 'web.listen-address', kind: 'string', repeatable: true, default: '${listen}:9090', help: '' },
  { name: 'enable-feature', kind: 'string', repeatable: true, help: '' },
  { name: 'web.enable-lifecycle', kind: 'boolean', help: '' },
  { name: 'compress', kind: 'boolean', default: 'true', help: '' },
]
const PLACES = { data: '/d', stack: '/s', listen: '127.0.0.2' }
const read = (...args: string[]) => readSystemFlags(DEFINITIONS, args, PLACES)

test('fills in defaults', () => {
  assert.deepEqual(read(), {
    'config.file': '/s/a.yml',
    'web.listen-address': ['127.0.0.2:9090'],
    'enable-feature': [],
    compress: true,
  })
})

test('reads values in every form; a given list replaces the default', () => {
  assert.deepEqual(
    read(
      '--config.file',
      'b',
      '-web.listen-address=:1',
      '--web.listen-address=:2',
      '--web.enable-lifecycle',
      '--no-compress',
    ),
    {
      'config.file': 'b',
      'web.listen-address': [':1', ':2'],
      'enable-feature': [],
      'web.enable-lifecycle': true,
      compress: false,
    },
  )
  assert.equal(read('--web.enable-lifecycle=false')['web.enable-lifecycle'], false)
})

test('reports every problem', () => {
  assert.throws(
    () => read('--config.fil=x', '--config.file', '--web.enable-lifecycle=maybe', 'stray', '--utterly.unknown'),
    (error: unknown) => {
      assert.ok(error instanceof UsageError)
      assert.deepEqual(error.problems, [
        'unknown flag --config.fil; did you mean --config.file?',
        '--config.file needs a value',
        'unexpected argument "stray"',
        'unknown flag --utterly.unknown',
      ])
      return true
    },
  )
  assert.throws(() => read('--web.enable-lifecycle=maybe'), /is true or false, not "maybe"/)
})
