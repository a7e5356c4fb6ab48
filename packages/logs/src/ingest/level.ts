const NAMES: Readonly<Record<string, string>> = {
  trace: 'trace',
  trc: 'trace',
  debug: 'debug',
  dbg: 'debug',
  info: 'info',
  inf: 'info',
  information: 'info',
  warn: 'warn',
  wrn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  critical: 'critical',
  fatal: 'fatal',
}
const WORDS: readonly (readonly [word: string, level: string])[] = [
  ['info:', 'info'],
  ['INFO:', 'info'],
  ['info', 'info'],
  ['INFO', 'info'],
  ['err:', 'error'],
  ['ERR:', 'error'],
  ['error', 'error'],
  ['ERROR', 'error'],
  ['warn:', 'warn'],
  ['WARN:', 'warn'],
  ['warning', 'warn'],
  ['WARNING', 'warn'],
  ['CRITICAL:', 'critical'],
  ['critical:', 'critical'],
  ['debug:', 'debug'],
  ['DEBUG:', 'debug'],
]
const NEEDLES = WORDS.map(([word, level]) => [Buffer.from(word), level] as const)
/** Levels are looked for in the beginning of a line only, so that one long line costs no more than many short ones. */
const SCAN_BYTES = 1024
const UNKNOWN = 'unknown'

/** The level that upstream's `detected_level` would hold for a value of a level field. */
export function normalizeLevel(value: string): string {
  return NAMES[value.toLowerCase()] ?? UNKNOWN
}

/** OTLP severity numbers come in groups of four. */
export function levelOfSeverity(severity: number): string {
  if (severity <= 0) return UNKNOWN
  return ['trace', 'debug', 'info', 'warn', 'error', 'fatal'][Math.min(5, (severity - 1) >> 2)]
}

/** Finds the level fields of JSON and logfmt lines, else well-known words. Built once for a list of field names. */
export class LevelDetector {
  readonly #fields: readonly Buffer[]

  constructor(fields: readonly string[]) {
    this.#fields = fields.map((field) => Buffer.from(field))
  }

  detect(text: Buffer, start: number, end: number): string {
    const last = Math.min(end, start + SCAN_BYTES)
    const line = text.subarray(start, last)
    let first = 0
    while (first < line.length && line[first] <= 32) first++
    if (line[first] === 123) {
      for (const field of this.#fields) {
        const value = jsonField(line, field)
        if (value !== undefined) return normalizeLevel(value)
      }
    } else {
      for (const field of this.#fields) {
        const value = logfmtField(line, field)
        if (value !== undefined) return normalizeLevel(value)
      }
    }
    for (const [needle, level] of NEEDLES) if (line.includes(needle)) return level
    return UNKNOWN
  }
}

/** The string behind `"field":`, at any depth: upstream looks two levels deep, deeper level fields are not seen in practice. */
function jsonField(line: Buffer, field: Buffer): string | undefined {
  for (let at = line.indexOf(field); at >= 0; at = line.indexOf(field, at + 1)) {
    const behind = at + field.length
    if (line[at - 1] !== 34 || line[behind] !== 34) continue
    let next = behind + 1
    while (line[next] <= 32) next++
    if (line[next] !== 58) continue
    next++
    while (line[next] <= 32) next++
    if (line[next] !== 34) continue
    const close = line.indexOf(34, next + 1)
    if (close > 0) return line.toString('latin1', next + 1, close)
  }
  return undefined
}

function logfmtField(line: Buffer, field: Buffer): string | undefined {
  for (let at = line.indexOf(field); at >= 0; at = line.indexOf(field, at + 1)) {
    let next = at + field.length
    if ((at > 0 && line[at - 1] > 32) || line[next] !== 61) continue
    next++
    const isQuoted = line[next] === 34
    const start = isQuoted ? next + 1 : next
    let close = start
    while (close < line.length && (isQuoted ? line[close] !== 34 : line[close] > 32)) close++
    return line.toString('latin1', start, close)
  }
  return undefined
}
