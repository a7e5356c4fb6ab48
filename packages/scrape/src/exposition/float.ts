const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)
const MAX_EXACT = 2 ** 53

/**
 * Reads a float as Go's ParseFloat did before 1.13 (no `_`, no hexadecimal): what both exposition formats allow.
 * @returns NaN also for text that is not a number: ask {@link isFloat} then.
 * Short decimals, which is nearly all of them, are computed from their digits: exact, since both the digits and the power
 * of ten are exact doubles (Clinger 1990).
 */
export function parseFloatBytes(bytes: Uint8Array, start: number, end: number): number {
  let index = start
  const first = bytes[index]
  const negative = first === 0x2d
  if (negative || first === 0x2b) index++
  let digits = 0
  let fraction = 0
  let seen = 0
  let dot = false
  for (; index < end; index++) {
    const byte = bytes[index]
    if (byte >= 0x30 && byte <= 0x39) {
      if (digits >= 900_719_925_474_099) return slow(bytes, start, end)
      digits = digits * 10 + (byte - 0x30)
      seen++
      if (dot) fraction++
    } else if (byte === 0x2e && !dot) dot = true
    else return slow(bytes, start, end)
  }
  if (seen === 0 || fraction > 22 || digits > MAX_EXACT) return slow(bytes, start, end)
  const value = fraction === 0 ? digits : digits / POWERS[fraction]
  return negative ? -value : value
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITE = /^[+-]?inf(?:inity)?$/i
const NOT_A_NUMBER = /^nan$/i

function slow(bytes: Uint8Array, start: number, end: number): number {
  return parseFloatText(latin1(bytes, start, end))
}

/** The same for a string; NaN when it is not a number. */
export function parseFloatText(text: string): number {
  if (DECIMAL.test(text)) return Number(text)
  if (INFINITE.test(text)) return text[0] === '-' ? -Infinity : Infinity
  return NaN
}

/** Whether the bytes are a float at all, for telling a real NaN from text that is none. Decimals beyond a double's range are not. */
export function isFloat(bytes: Uint8Array, start: number, end: number): boolean {
  const text = latin1(bytes, start, end)
  if (NOT_A_NUMBER.test(text) || INFINITE.test(text)) return true
  return DECIMAL.test(text) && Number.isFinite(Number(text))
}

export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let index = start; index < end; index++) text += String.fromCharCode(bytes[index])
  return text
}
