import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localPath } from './local-path.ts'

test('paths of this server are followed', () => {
  for (const path of ['/', '/d/abc?from=1#x', '/explore?panes={}', '/loginism', '/grafana/d/a'])
    assert.equal(localPath(path, '/grafana'), path)
})

test('other servers are not', () => {
  const foreign = [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '\\\\evil',
    'evil',
    '',
  ]
  for (const path of [...foreign, '/a\r\nset-cookie: x', null, undefined, `/${'x'.repeat(2000)}`])
    assert.equal(localPath(path), undefined, String(path))
})

test('signing in and out are no destinations', () => {
  for (const path of ['/login', '/login?x', '/login/generic_oauth', '/logout', '/grafana/login'])
    assert.equal(localPath(path, '/grafana'), undefined, path)
})
