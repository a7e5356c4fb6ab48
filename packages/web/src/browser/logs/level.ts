export type LogLevel = 'critical' | 'error' | 'warning' | 'info' | 'debug' | 'trace' | 'unknown'

const words: Readonly<Record<string, LogLevel>> = {
  emerg: 'critical',
  emergency: 'critical',
  fatal: 'critical',
  alert: 'critical',
  crit: 'critical',
  critical: 'critical',
  err: 'error',
  eror: 'error',
  error: 'error',
  warn: 'warning',
  warning: 'warning',
  info: 'info',
  information: 'info',
  informational: 'info',
  notice: 'info',
  dbug: 'debug',
  debug: 'debug',
  trace: 'trace',
  unknown: 'unknown',
}

const levelLabels = ['level', 'detected_level', 'severity', 'severity_text', 'lvl', 'loglevel', 'SeverityText']

/** The level that a line's labels name, else the one its text does. */
export function levelOf(labels: Readonly<Record<string, string>>, line: string): LogLevel {
  for (const label of levelLabels) {
    const level = words[labels[label]?.toLowerCase() ?? '']
    if (level && level !== 'unknown') return level
  }
  return levelInText(line)
}

/** Looks for `level=warn`, `"level":"warn"` and for a level as a word of its own near the beginning. */
function levelInText(line: string): LogLevel {
  const named = /"?\b(?:level|severity|lvl)"?\s*[=:]\s*"?([a-zA-Z]+)/.exec(line)
  const fromName = words[named?.[1]?.toLowerCase() ?? '']
  if (fromName) return fromName
  const word = /\b(EMERG|FATAL|CRITICAL|CRIT|ERROR|ERR|WARNING|WARN|INFO|NOTICE|DEBUG|TRACE)\b/i.exec(
    line.slice(0, 120),
  )
  return words[word?.[1]?.toLowerCase() ?? ''] ?? 'unknown'
}
