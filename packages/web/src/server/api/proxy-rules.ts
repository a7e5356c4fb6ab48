/** What a browser may ask each type of store for: reading, never writing, deleting or administration. */
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
  alertmanager: [/^\/api\/v2\/(status|receivers|alerts|alerts\/groups|silences|silence\/[0-9a-f-]+)$/],
}

const READING_METHODS = new Set(['GET', 'HEAD', 'POST'])

/**
 * Why a request to a store is refused, or `undefined` when it may pass.
 * @param path without query; still percent-encoded
 */
export function refusalOf(type: string, method: string, path: string): string | undefined {
  const rules = READABLE[type]
  if (!rules) return `data sources of type ${type} are not supported by the proxy`
  if (!READING_METHODS.has(method)) return `${method} is not allowed on a proxied ${type} data source`
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
