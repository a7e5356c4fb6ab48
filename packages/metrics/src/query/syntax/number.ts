/**
 * A PromQL number as Go reads it: ParseInt with base 0 first (so `0755` is octal and `0x1F` hexadecimal), then ParseFloat.
 * @returns undefined when it is out of range
 */
export function parseNumber(text: string): number | undefined {
  const lower = text.toLowerCase()
  if (lower === 'inf') return Infinity
  if (lower === 'nan') return NaN
  const digits = lower.replaceAll('_', '')
  if (/^0[0-7]+$/.test(digits)) return parseInt(digits, 8)
  const value = Number(digits)
  return Number.isFinite(value) ? value : undefined
}

/** Go's FormatFloat(v, 'f', -1, 64): the shortest digits that read back, never an exponent. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const exponentAt = text.indexOf('e')
  if (exponentAt < 0) return text
  const exponent = Number(text.slice(exponentAt + 1))
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text.slice(0, exponentAt)) ?? ['', '', '0']
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
  return sign + whole + fraction.padEnd(exponent, '0')
}
