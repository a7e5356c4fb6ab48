import { escapeQuery } from '@quartet/query'

/** Where Grafana shows a LogQL expression; relative to the external URL. */
export function exploreLink(expr: string, datasourceUid: string): string {
  const datasource = datasourceUid === '' ? undefined : { type: 'loki', uid: datasourceUid }
  // Go writes these three as escapes into JSON.
  const query = JSON.stringify({ expr, queryType: 'range', datasource }).replace(/[<>&]/g, goEscape)
  return `/explore?left=${escapeQuery(`{"queries":[${query}]}`)}`
}

function goEscape(char: string): string {
  return `\\u00${char.charCodeAt(0).toString(16)}`
}
