const DURATION_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 24 * 3600e9,
  w: 7 * 24 * 3600e9,
  y: 365 * 24 * 3600e9,
}

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  k: 1e3,
  kib: 1024,
  ki: 1024,
  mb: 1e6,
  m: 1e6,
  mib: 2 ** 20,
  mi: 2 ** 20,
  gb: 1e9,
  g: 1e9,
  gib: 2 ** 30,
  gi: 2 ** 30,
  tb: 1e12,
  t: 1e12,
  tib: 2 ** 40,
  ti: 2 ** 40,
  pb: 1e15,
  p: 1e15,
  pib: 2 ** 50,
  pi: 2 ** 50,
  eb: 1e18,
  e: 1e18,
  eib: 2 ** 60,
  ei: 2 ** 60,
}

/** A number with a unit that is not one of the known ones; the message is Go's. */
export class UnitError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UnitError'
  }
}

/**
 * Durations in queries and log lines: Go's units plus d, w and y; `1h30m`, `-1.5s`.
 * @returns nanoseconds @throws UnitError
 */
export function parseDurationNs(text: string): number {
  const body = text.replace(/^[-+]/, '')
  if (body === '0') return 0
  if (body === '') throw new UnitError(`time: invalid duration ${JSON.stringify(text)}`)
  let total = 0
  let at = 0
  while (at < body.length) {
    PART.lastIndex = at
    const match = PART.exec(body)
    if (!match || match[1] === '' || match[1] === '.')
      throw new UnitError(`time: invalid duration ${JSON.stringify(text)}`)
    if (match[2] === '') throw new UnitError(`time: missing unit in duration ${JSON.stringify(text)}`)
    if (!Object.hasOwn(DURATION_NS, match[2])) {
      throw new UnitError(`time: unknown unit ${JSON.stringify(match[2])} in duration ${JSON.stringify(text)}`)
    }
    total += Number(match[1]) * DURATION_NS[match[2]]
    at = PART.lastIndex
  }
  return text.startsWith('-') ? -total : total
}

const PART = /([0-9]*\.?[0-9]*)([^0-9.]*)/y

/** Sizes as go-humanize reads them: `42kB`, `3 MiB`, `17`. @returns bytes, or undefined when it is not one */
export function parseBytes(text: string): number | undefined {
  const match = /^([0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)\s*([a-zA-Z]*)\s*$/.exec(text.trim())
  if (!match) return undefined
  const unit = match[2].toLowerCase()
  if (!Object.hasOwn(BYTES, unit)) return undefined
  return Math.trunc(Number(match[1].replaceAll(',', '')) * BYTES[unit])
}

export function isBytesLiteral(text: string): boolean {
  return /^[0-9.]+([kmgtpe]i?)?b$/i.test(text)
}
