import type { OrgRole } from '../../common/api.ts'

/** What a browser may ask each type of store for: reading, never deleting or administration. */
const READABLE: Readonly<Record<string, readonly RegExp[]>> = {
  prometheus: [
    /^\/api\/v1\/(query|query_range|query_exemplars|series|labels|metadata|rules|alerts|targets|alertmanagers)$/,
    /^\/api\/v1\/(label\/[^/]+\/values|targets\/metadata|status\/[a-z]+|format_query|parse_query|features)$/,
    /^\/-\/(healthy|ready)$/,
  ],
  loki: [
    /^\/loki\/api\/v1\/(query|query_range|labels|label|series|tail|rules|patterns|detected_labels|detected_fields)$/,
    /^\/loki\/api\/v1\/(label\/[^/]+\/values|index\/(stats|volume|volume_range)|detected_field\/[^/]+\/values)$/,
    /^\/loki\/api\/v1\/(format_query|drilldown-limits|status\/buildinfo)$/,
    /^\/ready$/,
  ],
  tempo: [
    /^\/api\/(echo|search|overrides|status\/buildinfo)$/,
    /^\/api\/(v2\/)?traces\/[0-9a-fA-F]+$/,
    /^\/api\/search\/(tags|tag\/[^/]+\/values)$/,
    /^\/api\/v2\/search\/(tags|tag\/[^/]+\/values)$/,
    /^\/api\/metrics\/(query|query_range|summary)$/,
    /^\/ready$/,
  ],
  alertmanager: [
    /^\/api\/v2\/(status|receivers|alerts|alerts\/groups|silences|silence\/[0-9a-f-]+)$/,
    /^\/-\/(healthy|ready)$/,
  ],
}

/** The stores take long queries as POST; an Alertmanager takes alerts and silences that way. */
const READING_METHODS: Readonly<Record<string, readonly string[]>> = { alertmanager: ['GET', 'HEAD'] }
const READING_BY_DEFAULT: readonly string[] = ['GET', 'HEAD', 'POST']

/** What changes something, and who may do it, as upstream's Alertmanager data source has it. */
const WRITABLE: Readonly<Record<string, readonly { readonly method: string; readonly path: RegExp }[]>> = {
  alertmanager: [
    { method: 'POST', path: /^\/api\/v2\/silences$/ },
    { method: 'DELETE', path: /^\/api\/v2\/silence\/[0-9a-f-]+$/ },
  ],
}

/**
 * Why a request to a store is refused, or `undefined` when it may pass.
 * @param path without query; still percent-encoded
 */
export function refusalOf(type: string, method: string, path: string): string | undefined {
  const rules = READABLE[type]
  if (!rules) return `data sources of type ${type} are not supported by the proxy`
  if (isWrite(type, method, path)) return undefined
  if (!(READING_METHODS[type] ?? READING_BY_DEFAULT).includes(method))
    return `${method} is not allowed on a proxied ${type} data source`
  // An encoded slash or dot segment could become another path at the store.
  if (
    /%2f|%5c|\\|\/\.\.?(\/|$)|%2e/i.test(path) &&
    !/^\/[a-z0-9/_.]*label\/[^/]+\/values$|\/tag\/[^/]+\/values$/.test(path)
  ) {
    return `the path ${path} is not allowed on a proxied ${type} data source`
  }
  if (rules.some((rule) => rule.test(path))) return undefined
  return `the path ${path} is not allowed on a proxied ${type} data source`
}

/** The role that a request needs which {@link refusalOf} lets pass. */
export function roleNeeded(type: string, method: string, path: string): OrgRole {
  return isWrite(type, method, path) ? 'Editor' : 'Viewer'
}

function isWrite(type: string, method: string, path: string): boolean {
  return (WRITABLE[type] ?? []).some((rule) => rule.method === method && rule.path.test(path))
}
