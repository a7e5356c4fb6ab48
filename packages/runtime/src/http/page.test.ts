import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FormToken, Html, markup } from './page.ts'

test('values are escaped, pieces of HTML are not, nothing writes nothing', () => {
  const piece = markup`<b title="${'"x"'}">${'<&'}</b>`
  assert.equal(piece.text, '<b title="&quot;x&quot;">&lt;&amp;</b>')
  assert.equal(markup`${[piece, new Html('<i>')]}${undefined}${false}${0}`.text, `${piece.text}<i>0`)
})

test('a form without the token of this process is another site', () => {
  const token = new FormToken()
  assert.equal(token.isIn(new URLSearchParams({ token: token.value })), true)
  for (const form of [{}, { token: '' }, { token: 'x' }, { token: new FormToken().value }]) {
    assert.equal(token.isIn(new URLSearchParams(form as Record<string, string>)), false)
  }
})
