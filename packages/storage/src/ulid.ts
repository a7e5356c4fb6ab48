import { randomFillSync } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A ULID: 48 bits of time, 80 random bits, in Crockford's base 32. Sorts by time as text. */
export function createUlid(nowMs: number): string {
  let text = ''
  let rest = Math.floor(nowMs)
  for (let digit = 0; digit < 10; digit++) {
    text = ALPHABET[rest % 32] + text
    rest = Math.floor(rest / 32)
  }
  for (const byte of randomFillSync(new Uint8Array(16))) text += ALPHABET[byte & 31]
  return text
}

export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)
}
