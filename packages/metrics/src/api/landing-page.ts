import type { ApiContext } from './context.ts'
import { UPSTREAM_VERSION } from './status-routes.ts'

/** A plain page in place of upstream's UI: what is served and how it is doing. Queries are explored in the web system. */
export function landingPage(context: ApiContext, endpoints: readonly string[]): string {
  const { headSeries, headSamples, blocks } = context.stats()
  const targets = context.scrapes
    .active()
    .map(({ job, target, status }) => [job, target.url, status.health, status.lastError].map(cell).join(''))
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(context.settings.pageTitle)}</title>
<style>body{font:15px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}td{padding:.15rem 1rem .15rem 0}
code{background:#f2f2f2;padding:.1rem .3rem}</style></head><body>
<h1>Quartet metrics</h1>
<p>Speaks the API and query language of Prometheus ${UPSTREAM_VERSION}. ${headSeries} series and ${headSamples} samples in the head, ${blocks} blocks.</p>
<h2>Targets</h2><table>${targets.map((cells) => `<tr>${cells}</tr>`).join('')}</table>
<h2>Endpoints</h2><ul>${endpoints.map((path) => `<li><code>${escape(path)}</code></li>`).join('')}</ul>
</body></html>
`
}

function cell(text: string): string {
  return `<td>${escape(text)}</td>`
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
