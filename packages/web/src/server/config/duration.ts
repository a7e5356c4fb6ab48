const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  M: 30 * 86_400_000,
  y: 365 * 86_400_000,
}

/**
 * Grafana's durations: Go's (`1h30m`, `1.5s`) and those with calendar units (`30d`, `2w`, `1M`, `1y`).
 * @returns milliseconds; `undefined` for anything else
 */
export function parseGrafanaDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|[smhdwMy]))+$/.test(text)) return undefined
  let totalMs = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwMy])/g)) {
    totalMs += Number(amount) * UNITS_MS[unit]
  }
  return Number.isSafeInteger(Math.round(totalMs)) ? totalMs : undefined
}
