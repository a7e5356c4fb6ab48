import { quoteGo } from '@quartet/query'

/** The two keys about names that `global` and every job have; empty means that nothing is said. */
export interface MetricNameKeys {
  readonly metric_name_validation_scheme: string
  readonly metric_name_escaping_scheme?: string | undefined
}

const ALLOW_UTF8 = 'allow-utf-8'
const ESCAPING = [ALLOW_UTF8, 'underscores', 'dots', 'values']

/** What is in effect: a job's own scheme decides how it escapes, else that of `global`. */
export function metricNameSchemes(
  job: MetricNameKeys,
  global: MetricNameKeys,
): { readonly validation: string; readonly escaping: string } {
  const globalValidation = global.metric_name_validation_scheme || 'utf8'
  const validation = job.metric_name_validation_scheme || globalValidation
  const globalEscaping = global.metric_name_escaping_scheme || escapingFor(globalValidation)
  const inferred = job.metric_name_validation_scheme === '' ? globalEscaping : escapingFor(validation)
  return { validation, escaping: job.metric_name_escaping_scheme || inferred }
}

function escapingFor(validation: string): string {
  return validation === 'legacy' ? 'underscores' : ALLOW_UTF8
}

export function metricNamesProblem(job: MetricNameKeys, global: MetricNameKeys): string | undefined {
  const { validation, escaping } = metricNameSchemes(job, global)
  if (validation !== 'legacy' && validation !== 'utf8') {
    const rule = "must be either '', 'legacy' or 'utf8'"
    return `unknown scrape config name validation method specified, ${rule}, got ${validation}`
  }
  const named = global.metric_name_escaping_scheme
  if (named !== undefined && named !== '' && !ESCAPING.includes(named)) return unknownEscaping('global', named)
  if (!ESCAPING.includes(escaping)) return unknownEscaping('scrape config', escaping)
  if (escaping !== ALLOW_UTF8 || validation === 'utf8') return undefined
  return 'utf8 metric names requested but validation scheme is not set to UTF8'
}

function unknownEscaping(where: string, name: string): string {
  const names = ESCAPING.map((known) => `'${known}'`)
  const list = `${names.slice(0, -1).join(', ')}, or ${names.at(-1)}`
  return `unknown ${where} name escaping method specified, must be one of ${list}, got ${quoteGo(name)}`
}
