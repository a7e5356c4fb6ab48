import assert from 'node:assert/strict'
import { test } from 'node:test'
import snappy from 'snappy'
import { WireError } from './proto-reader.ts'
import { SnappyDecoder, snappyDecode } from './snappy.ts'

function randomly(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * bound)
  }
}

/** Compressible text of mixed repetition. */
function sample(seed: number): Buffer {
  const below = randomly(seed)
  const words = Array.from({ length: 1 + below(30) }, () => 'x'.repeat(below(9)) + below(1e6).toString(36))
  let text = ''
  const length = below(20_000)
  while (text.length < length) text += words[below(words.length)] + (below(3) ? ' ' : String(below(1e9)))
  return Buffer.from(text)
}

test('undoes what npm snappy does', () => {
  const decoder = new SnappyDecoder()
  for (let seed = 1; seed <= 200; seed++) {
    const plain = sample(seed)
    assert.deepEqual(Buffer.from(decoder.decode(snappy.compressSync(plain))), plain, `seed ${seed}`)
  }
  const run = Buffer.alloc(3_000_000, 'a')
  assert.deepEqual(Buffer.from(decoder.decode(snappy.compressSync(run))), run)
})

test('agrees with npm snappy on damaged input: the same bytes or a WireError', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const below = randomly(seed)
    const packed = snappy.compressSync(sample(seed % 50).subarray(0, 400))
    const damaged = packed.subarray(0, below(4) ? packed.length : below(packed.length + 1))
    for (let count = below(3); count >= 0 && damaged.length > 0; count--) damaged[below(damaged.length)] = below(256)
    let expected: Buffer | undefined
    try {
      expected = snappy.uncompressSync(damaged, { asBuffer: true }) as Buffer
    } catch {
      expected = undefined // npm snappy refuses it
    }
    try {
      const actual = Buffer.from(snappyDecode(damaged))
      assert.deepEqual(actual, expected, `seed ${seed}`)
    } catch (error) {
      assert.ok(error instanceof WireError, `seed ${seed}: ${error}`)
      assert.equal(expected, undefined, `seed ${seed}: refused what npm snappy takes`)
    }
  }
})

test('refuses outputs over its limit without making room for them', () => {
  const packed = snappy.compressSync(Buffer.alloc(100_000))
  assert.throws(() => new SnappyDecoder(99_999).decode(packed), /decoded size 100000 is over 99999 bytes/)
  assert.throws(() => snappyDecode(Uint8Array.of(0xff, 0xff, 0xff, 0x0f, 0)), WireError)
  assert.throws(() => snappyDecode(new Uint8Array(0)), WireError)
})
