/** Exposition formats that a scrape may ask for, in the order in which upstream lists them. */
const SUPPORTED = [
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusProto',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
]

/** What is asked for when nothing is said. */
export const DEFAULT_PROTOCOLS: readonly string[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
]

export function protocolProblem(name: string): string | undefined {
  if (SUPPORTED.includes(name)) return undefined
  return `unknown scrape protocol ${name}, supported: [${SUPPORTED.join(' ')}]`
}

export function protocolsProblem(names: readonly string[] | undefined): string | undefined {
  if (names === undefined) return undefined
  if (names.length === 0) return 'scrape_protocols cannot be empty'
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name.toLowerCase())) return `duplicated protocol in scrape_protocols, got [${names.join(' ')}]`
    seen.add(name.toLowerCase())
    const problem = protocolProblem(name)
    if (problem !== undefined) return `scrape_protocols: ${problem}`
  }
  return undefined
}
