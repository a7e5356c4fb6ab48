/** A float as Go's `%v` and both exposition formats print it: `strconv.FormatFloat(value, 'g', -1, 64)`. */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const size = Math.abs(value)
  // Integers and short fractions, which is nearly everything, look alike in both languages.
  if (size < 1e6 && size >= 1e-4) return String(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  const power = Number(exponent)
  // As many digits as the integer part has: then Go keeps the plain form up to 21 digits.
  const count = digits.replace(/[-.]/g, '').length
  const plainBelow = 6 > count && count >= power + 1 ? count : 6
  if (power >= -4 && power < plainBelow) return String(value)
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITE = /^[+-]?inf(?:inity)?$/i

/**
 * Reads a float as the exposition formats allow it: Go's `ParseFloat` without `_` and hexadecimal.
 * @returns `undefined` when it is not a number or beyond a double's range
 */
export function parseGoFloat(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  if (INFINITE.test(text)) return text[0] === '-' ? -Infinity : Infinity
  return /^nan$/i.test(text) ? NaN : undefined
}
