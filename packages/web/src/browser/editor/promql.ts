import type { Extension } from '@codemirror/state'
import { PromQLExtension } from '@prometheus-io/codemirror-promql'
import { HybridLint } from '@prometheus-io/codemirror-promql/dist/esm/lint/hybrid.js'
import { bootData } from '../app/boot-data.ts'

/** Grafana's own variables and those of dashboards are not PromQL: a query with them is left to the store to judge. */
const hasVariables = /\$\{?\w/

/** Colours, completion from the store's metadata, and errors underlined while typing. */
export function promQl(dataSourceUid: string): Extension {
  const promql = new PromQLExtension()
  promql.setComplete({
    remote: {
      url: `${bootData.settings.appSubUrl}/api/datasources/proxy/uid/${encodeURIComponent(dataSourceUid)}`,
      fetchFn: (input, init) => fetch(input, { ...init, credentials: 'same-origin' }),
      httpErrorHandler: (error: unknown) => console.debug('Completion is not available', error),
      cache: { maxAge: 60_000 },
    },
    maxMetricsMetadata: 10_000,
  })
  const lint = new HybridLint()
  promql.setLinter({
    promQL: () => (view) => (hasVariables.test(view.state.doc.toString()) ? [] : lint.promQL()(view)),
  })
  return promql.asExtension()
}
