import { timingSafeEqual } from 'node:crypto'

/*
 * bcrypt, which the `basic_auth_users` of a web configuration are hashed with and Node does not have.
 * Source: Provos and Mazières, "A Future-Adaptable Password Scheme" (1999); Schneier, "Blowfish" (1994).
 */

const ROUNDS = 16
const P_WORDS = ROUNDS + 2
const S_WORDS = 1024
const MAX_KEY_BYTES = 72
/** Expansions between two looks at the event loop: a few milliseconds. */
const EXPANSIONS_PER_TURN = 32
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const MAGIC = Buffer.from('OrpheanBeholderScryDoubt')

interface State {
  readonly p: Uint32Array
  readonly s: Uint32Array
}

/** Whether the password has this `$2a$`, `$2b$` or `$2y$` hash. Slow by design; gives way to other work meanwhile. */
export async function verifyBcrypt(password: string, hash: string): Promise<boolean> {
  const parts = parseBcrypt(hash)
  if (!parts) return false
  const actual = await bcrypt(Buffer.from(password), parts.salt, parts.cost)
  return timingSafeEqual(actual, parts.digest)
}

export function isBcrypt(hash: string): boolean {
  return parseBcrypt(hash) !== undefined
}

function parseBcrypt(hash: string): { cost: number; salt: Buffer; digest: Buffer } | undefined {
  const match = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/.exec(hash)
  const cost = Number(match?.[1])
  if (!match || cost < 4 || cost > 31) return undefined
  return { cost, salt: decode(match[2]!, 16), digest: decode(match[3]!, 23) }
}

async function bcrypt(password: Uint8Array, salt: Uint8Array, cost: number): Promise<Buffer> {
  // The terminating zero belongs to the key.
  const key = Buffer.concat([password, Buffer.of(0)]).subarray(0, MAX_KEY_BYTES)
  const state = initialState()
  expand(state, key, salt)
  const nothing = new Uint8Array(16)
  for (let round = 2 ** cost; round > 0; round--) {
    expand(state, key, nothing)
    expand(state, salt, nothing)
    if (round % EXPANSIONS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const words = Uint32Array.from({ length: 6 }, (_, index) => MAGIC.readUInt32BE(index * 4))
  for (let pair = 0; pair < 6; pair += 2) for (let turn = 0; turn < 64; turn++) encrypt(state, words, pair)
  const digest = Buffer.alloc(24)
  for (const [index, word] of words.entries()) digest.writeUInt32BE(word, index * 4)
  return digest.subarray(0, 23)
}

function expand(state: State, key: Uint8Array, salt: Uint8Array): void {
  const { p, s } = state
  let at = 0
  for (let index = 0; index < P_WORDS; index++) {
    let word = 0
    for (let byte = 0; byte < 4; byte++) word = (word << 8) | key[at++ % key.length]!
    p[index]! ^= word
  }
  const block = new Uint32Array(2)
  const saltWords = Uint32Array.from({ length: 4 }, (_, index) =>
    new DataView(salt.buffer, salt.byteOffset).getUint32(index * 4),
  )
  let turn = 0
  const step = (into: Uint32Array, index: number): void => {
    block[0]! ^= saltWords[turn]!
    block[1]! ^= saltWords[turn + 1]!
    turn = 2 - turn
    encrypt(state, block, 0)
    into[index] = block[0]!
    into[index + 1] = block[1]!
  }
  for (let index = 0; index < P_WORDS; index += 2) step(p, index)
  for (let index = 0; index < S_WORDS; index += 2) step(s, index)
}

function encrypt({ p, s }: State, block: Uint32Array, at: number): void {
  let left = block[at]! ^ p[0]!
  let right = block[at + 1]!
  for (let round = 1; round <= ROUNDS; round += 2) {
    right ^= mix(s, left) ^ p[round]!
    left ^= mix(s, right) ^ p[round + 1]!
  }
  block[at] = right ^ p[ROUNDS + 1]!
  block[at + 1] = left
}

function mix(s: Uint32Array, word: number): number {
  const sum = (s[word >>> 24]! + s[256 + ((word >>> 16) & 255)]!) | 0
  return ((sum ^ s[512 + ((word >>> 8) & 255)]!) + s[768 + (word & 255)]!) | 0
}

let digits: Uint32Array | undefined

function initialState(): State {
  digits ??= piFraction(P_WORDS + S_WORDS)
  return { p: digits.slice(0, P_WORDS), s: digits.slice(P_WORDS) }
}

/** Blowfish begins with the fraction of pi; Machin's formula gives it in less time than a table takes to load. */
function piFraction(words: number): Uint32Array {
  const guard = 64n
  const bits = BigInt(words * 32) + guard
  const arctan = (inverse: bigint): bigint => {
    const square = inverse * inverse
    let power = (1n << bits) / inverse
    let sum = power
    for (let odd = 3n, sign = -1n; power > 0n; odd += 2n, sign = -sign) {
      power /= square
      sum += (sign * power) / odd
    }
    return sum
  }
  const pi = 4n * (4n * arctan(5n) - arctan(239n))
  const hex = ((pi - (3n << bits)) >> guard).toString(16).padStart(words * 8, '0')
  return Uint32Array.from({ length: words }, (_, index) => Number.parseInt(hex.slice(index * 8, index * 8 + 8), 16))
}

/** bcrypt's own base64. */
function decode(text: string, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let bits = 0
  let count = 0
  let at = 0
  for (const char of text) {
    bits = ((bits << 6) | ALPHABET.indexOf(char)) & 0xffff
    count += 6
    if (count >= 8 && at < size) {
      count -= 8
      bytes[at++] = (bits >> count) & 255
    }
  }
  return bytes
}
