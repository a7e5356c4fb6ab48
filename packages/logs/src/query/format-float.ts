import { formatFixed, formatGeneral } from '@quartet/query'

/** A sample value as the API writes it: shortest digits, no exponent, `+Inf`, `NaN`. */
export function sampleText(value: number): string {
  return formatFixed(value)
}

/** A number inside canonical query text (Go's `%g`-like shortest form). */
export function goFloat(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(value) : formatGeneral(value)
}
