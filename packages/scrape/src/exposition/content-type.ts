import { DEFAULT_SCRAPE_PROTOCOLS } from '../scrape-config.ts'
import type { ScrapeProtocol } from '../scrape-config.ts'
import { ExpositionError } from './entry.ts'
import type { ExpositionParser } from './entry.ts'
import { parseMediaType } from './media-type.ts'
import { OpenMetricsParser } from './open-metrics.ts'
import { PrometheusTextParser } from './prometheus-text.ts'
import { ProtobufParser } from './protobuf.ts'
import type { ProtobufOptions } from './protobuf.ts'

const PROTOBUF = 'application/vnd.google.protobuf'

const MEDIA_TYPE_OF: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto: PROTOBUF,
  'PrometheusText0.0.4': 'text/plain',
  'PrometheusText1.0.0': 'text/plain',
  'OpenMetricsText0.0.1': 'application/openmetrics-text',
  'OpenMetricsText1.0.0': 'application/openmetrics-text',
}

const ACCEPT_PART: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto: `${PROTOBUF};proto=io.prometheus.client.MetricFamily;encoding=delimited`,
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0;escaping=allow-utf-8',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
}

/** The Accept header: earlier protocols weigh more, anything else comes last. */
export function acceptHeader(protocols: readonly ScrapeProtocol[] = DEFAULT_SCRAPE_PROTOCOLS): string {
  const parts = protocols.map((protocol, index) => `${ACCEPT_PART[protocol]};q=0.${protocols.length + 1 - index}`)
  return [...parts, '*/*;q=0.1'].join(',')
}

export interface ParserChoice {
  readonly parser: ExpositionParser
  /** Upstream's text when the Content-Type was wrong and the fallback was taken. */
  readonly warning: string | undefined
}

/**
 * The parser for a response's Content-Type, as Prometheus 3 chooses it: a missing or foreign type fails the scrape unless the
 * configuration names a fallback.
 * @throws ExpositionError with upstream's text
 */
export function parserFor(
  body: Uint8Array,
  contentType: string,
  fallback?: ScrapeProtocol,
  options: ProtobufOptions = {},
): ParserChoice {
  const { name, problem } = mediaTypeOf(contentType)
  const known = name === undefined ? undefined : PARSERS[name]
  if (known) return { parser: known(body, options), warning: undefined }
  if (fallback === undefined) {
    throw new ExpositionError(problem.parse ?? `${problem.text} and no fallback_scrape_protocol specified for target`)
  }
  const substitute = MEDIA_TYPE_OF[fallback]
  return {
    parser: PARSERS[substitute](body, options),
    warning: problem.parse ?? `${problem.text}, using fallback_scrape_protocol "${substitute}"`,
  }
}

const PARSERS: Readonly<Record<string, (body: Uint8Array, options: ProtobufOptions) => ExpositionParser>> = {
  [PROTOBUF]: (body, options) => new ProtobufParser(body, options),
  'text/plain': (body) => new PrometheusTextParser(body),
  'application/openmetrics-text': (body) => new OpenMetricsParser(body),
}

function mediaTypeOf(contentType: string): { name?: string; problem: { text: string; parse?: string } } {
  if (contentType === '') return { problem: { text: 'non-compliant scrape target sending blank Content-Type' } }
  const text = `received unsupported Content-Type ${JSON.stringify(contentType)}`
  try {
    return { name: parseMediaType(contentType).name, problem: { text } }
  } catch (error) {
    // Upstream reports the parse error itself, with or without a fallback.
    const parse = `cannot parse Content-Type ${JSON.stringify(contentType)}: mime: ${(error as Error).message}`
    return { problem: { text, parse } }
  }
}
