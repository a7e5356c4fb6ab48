import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FormToken, html } from './page.ts'

test('values are escaped, pieces of HTML are not, nothing writes nothing', () => {
  const piece = html`<b title="${'"x"'}">${'<&'}</b>`
  assert.equal(piece.text, '<b title="&quot;x&quot;">&lt;&amp;</b>')
  assert.equal(html`${[piece, html`<i></i>`]}${undefined}${false}${0}`.text, `${piece.text}<i>0`)
})

test('a form without the token of this process is another site', () => {
  const token = new FormToken()
  assert.equal(token.isIn(new URLSearchParams({ token: token.value })), true)
  for (const form of [{}, { token: '' }, { token: 'x' }, { token: new FormToken().value }]) {
    assert.equal(token.isIn(new URLSearchParams(form as Record<string, string>)), false)
  }
})
