import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BootData } from './api.ts'
import { bootDataPlaceholder, contentSecurityPolicy, noncePlaceholder, renderPage } from './page.ts'

const html = `<script nonce="${noncePlaceholder}">window.x = ${bootDataPlaceholder}</script><link nonce="${noncePlaceholder}">`

test('puts the nonce everywhere and the boot data once', () => {
  const page = renderPage(html, { nonce: 'abc$&', bootData: { version: '1' } as BootData })
  assert.equal(page, '<script nonce="abc$&">window.x = {"version":"1"}</script><link nonce="abc$&">')
})

test('boot data cannot close the script element', () => {
  const page = renderPage(html, { nonce: 'n', bootData: { version: '</script><script>' } as BootData })
  assert.ok(!page.includes('</script><script>'))
})

test('the policy names the nonce and forbids plugins', () => {
  const policy = contentSecurityPolicy('bm9uY2U=')
  assert.match(policy, /'nonce-bm9uY2U='/)
  assert.match(policy, /object-src 'none'/)
})
