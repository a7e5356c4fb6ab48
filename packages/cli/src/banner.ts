import type { SystemReport } from './supervisor/supervisor.ts'

/** What a person sees when everything is up: each URL, what was generated, and what to try next. */
export function banner(options: { version: string; readyMs: number; reports: readonly SystemReport[] }): string {
  const { version, readyMs, reports } = options
  const rows = reports.flatMap(({ service, endpoints }) => endpoints.map(({ name, url }) => ({ service, name, url })))
  const width = (key: 'service' | 'name'): number => Math.max(0, ...rows.map((row) => row[key].length))
  const [serviceWidth, nameWidth] = [width('service'), width('name')]
  const lines = ['', `  Quartet ${version} is ready (${(readyMs / 1000).toFixed(1)} s)`, '']
  let previous = ''
  for (const { service, name, url } of rows) {
    lines.push(`  ${(service === previous ? '' : service).padEnd(serviceWidth)}  ${name.padEnd(nameWidth)}  ${url}`)
    previous = service
  }
  const notices = reports.flatMap((report) => report.notices)
  if (notices.length > 0) lines.push('', ...notices.map((notice) => `  ${notice}`))
  const next = nextSteps(rows)
  if (next.length > 0) lines.push('', '  Try next', ...next.map((step) => `    ${step}`))
  lines.push('', '  Ctrl-C stops everything.', '')
  return lines.join('\n')
}

function nextSteps(rows: readonly { service: string; name: string; url: string }[]): string[] {
  const steps: string[] = []
  const otlp = rows.find(({ service, url }) => service === 'alloy' && url.endsWith(':4318'))
  if (rows.some(({ service }) => service === 'grafana') && otlp) {
    // The demo sends to 127.0.0.1 unless told otherwise.
    const host = new URL(otlp.url).hostname
    const demo = ['127.0.0.1', 'localhost', '0.0.0.0', '[::]'].includes(host)
      ? 'npm run demo'
      : `npm run demo -- --endpoint ${host}`
    steps.push(`${demo}   a small shop sends traces, metrics and logs`)
  }
  if (otlp) steps.push(`OTEL_EXPORTER_OTLP_ENDPOINT=${otlp.url}   points your own application here`)
  const web = rows.find(({ service }) => service === 'grafana')
  if (web) steps.push(`${web.url}   dashboards and Explore`)
  return steps
}
