import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SealedText } from './sealed-text.ts'

const sealed = new SealedText({ secretKey: 'k', purpose: 'test' })

test('opens what it sealed, also after a restart with the same key', () => {
  const text = sealed.seal('grüß dich')
  assert.match(text, /^[\w-]+$/)
  assert.equal(sealed.open(text), 'grüß dich')
  assert.equal(new SealedText({ secretKey: 'k', purpose: 'test' }).open(text), 'grüß dich')
})

test('opens nothing that was changed, or sealed with another key or for another purpose', () => {
  const text = sealed.seal('secret')
  for (let index = 0; index < text.length - 1; index++) {
    const changed = text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)
    assert.equal(sealed.open(changed), undefined, `changed at ${index}`)
  }
  assert.equal(new SealedText({ secretKey: 'other', purpose: 'test' }).open(text), undefined)
  assert.equal(new SealedText({ secretKey: 'k', purpose: 'other' }).open(text), undefined)
  for (const odd of ['', 'x', '%%%', 'A'.repeat(100)]) assert.equal(sealed.open(odd), undefined)
})
