const MINUTE_MS = 60_000
const UNITS = [
  ['year', 365 * 24 * 60 * MINUTE_MS],
  ['month', 30 * 24 * 60 * MINUTE_MS],
  ['day', 24 * 60 * MINUTE_MS],
  ['hour', 60 * MINUTE_MS],
  ['minute', MINUTE_MS],
] as const

/** Upstream's way to say how long ago: `< 1 minute`, `5 minutes`, `1 day`. */
export function ageText(ageMs: number): string {
  for (const [name, unitMs] of UNITS) {
    const count = Math.floor(ageMs / unitMs)
    if (count >= 1) return `${count} ${name}${count === 1 ? '' : 's'}`
  }
  return '< 1 minute'
}
