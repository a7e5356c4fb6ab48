import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBcrypt, verifyBcrypt } from './bcrypt.ts'

// From libxcrypt.
const KNOWN = [
  ['secret', '$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a'],
  ['', '$2b$05$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m'],
  ['pässwörd '.repeat(10), '$2b$05$abcdefghijklmnopqrstuuUd4/wzlwqCke/PgZhInERe/v6bQJESC'],
  ['secret', '$2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u'],
] as const

test('agrees with libxcrypt', async () => {
  for (const [password, hash] of KNOWN) {
    assert.equal(await verifyBcrypt(password, hash), true, hash)
    assert.equal(await verifyBcrypt(`${password.slice(0, 3)}x`, hash), false, hash)
  }
})

test('what is no hash is no password', async () => {
  assert.equal(isBcrypt('secret'), false)
  assert.equal(await verifyBcrypt('secret', 'secret'), false)
  assert.equal(isBcrypt('$2b$99$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a'), false)
})
