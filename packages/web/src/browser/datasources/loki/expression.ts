import { LogExpr, MetricExpr, parser } from '@grafana/lezer-logql'

/** Tells log queries (lines come back) from metric queries (numbers do). Broken ones count as what they begin as. */
export function isLogsQuery(expr: string): boolean {
  let hasMetric = false
  let hasLog = false
  parser.parse(expr).iterate({
    enter: ({ type }) => {
      if (type.id === MetricExpr) hasMetric = true
      if (type.id === LogExpr) hasLog = true
      return !hasMetric
    },
  })
  return hasMetric ? false : hasLog || expr.trimStart().startsWith('{')
}
