import assert from 'node:assert/strict'
import { test } from 'node:test'

// Links know the boot data of the page.
Object.assign(globalThis, { window: { grafanaBootData: { settings: { appSubUrl: '/sub' }, dataSources: [] } } })
const { annotationLinks, isWebAddress, linkify, silencePath, silenceRulePath } = await import('./links.ts')

test('addresses in a text become links, the full stop behind them does not', () => {
  assert.deepEqual(linkify('See https://a.example/b?c=d. Or (http://e.example/f).'), [
    { kind: 'text', text: 'See ' },
    { kind: 'link', text: 'https://a.example/b?c=d' },
    { kind: 'text', text: '. Or (' },
    { kind: 'link', text: 'http://e.example/f' },
    { kind: 'text', text: ').' },
  ])
  assert.deepEqual(linkify('javascript:alert(1)'), [{ kind: 'text', text: 'javascript:alert(1)' }])
})

test('only addresses of the web become links', () => {
  assert.deepEqual(['https://x/y', '/d/a', 'javascript:x', '//evil.example', 'data:x', '/\\evil'].map(isWebAddress), [
    true,
    true,
    false,
    false,
    false,
    false,
  ])
  assert.deepEqual(annotationLinks({ runbook_url: 'javascript:alert(1)' }), [])
})

test('annotations with a meaning lead to runbook and dashboard', () => {
  assert.deepEqual(annotationLinks({ runbook_url: 'https://r', __dashboardUid__: 'd', __panelId__: '7' }), [
    { text: 'Runbook', url: 'https://r' },
    { text: 'Dashboard', url: '/sub/d/d?viewPanel=panel-7' },
  ])
})

test('a silence is filled in from labels, for a rule from those that are not made by templates', () => {
  assert.equal(
    silencePath({ a: 'b', alertname: 'X' }),
    '/alerting/silence/new?matcher=alertname%3D%22X%22&matcher=a%3D%22b%22',
  )
  const rule = { name: 'X', labels: { pod: '{{ $labels.pod }}', team: 'shop' } }
  assert.equal(silenceRulePath(rule), '/alerting/silence/new?matcher=alertname%3D%22X%22&matcher=team%3D%22shop%22')
})
