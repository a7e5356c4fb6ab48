import { escapeQuery } from '@quartet/query'

/** Where Prometheus's page shows an expression as a table; relative to the external URL. */
export function tableLink(expr: string): string {
  return `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=1`
}

/** Where Prometheus's page shows an expression as a graph. */
export function graphLink(expr: string): string {
  return `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=0`
}
