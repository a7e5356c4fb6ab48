import { isIPv4, isIPv6 } from 'node:net'
import {
  compileRegex,
  DurationError,
  escapeQuery,
  parseSignedDuration,
  RegexError,
  TemplateFunctionError,
} from '@quartet/query'
import type { Regex, TemplateFunctions } from '@quartet/query'
import { compareText } from '@quartet/model'
import { graphLink, tableLink } from './expression-link.ts'
import {
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  humanizeTimestamp,
  toDuration,
  toTime,
} from './humanize.ts'
import { QueryResult, TemplateSample } from './query-result.ts'

/** Text that an HTML template writes as it is. */
export class SafeHtml {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** What functions need to know of the expansion that runs. */
export interface ExpansionContext {
  readonly timeMs: number
  readonly externalUrl: string
  query(expr: string): QueryResult
}

/**
 * Upstream's functions for templates of rules and consoles, but for `tmpl`, which only HTML templates have.
 * @param current the expansion that runs; templates are compiled once and run for many alerts
 */
export function prometheusFunctions(current: () => ExpansionContext): TemplateFunctions {
  const text = (call: (value: string) => unknown) => ({ parameters: ['string'] as const, call })
  const any = (call: (value: unknown) => unknown) => ({ parameters: ['any'] as const, call })
  const none = (call: () => unknown) => ({ parameters: [] as const, call })
  return {
    query: text((expr) => current().query(expr)),
    first: any(first),
    label: {
      parameters: ['string', 'any'],
      call: (name: string, sample: unknown) => sampleOf(sample).Labels.get(name) ?? '',
    },
    value: any((sample) => sampleOf(sample).Value),
    strvalue: any((sample) => sampleOf(sample).Labels.get('__value__') ?? ''),
    args: {
      parameters: [],
      variadic: 'any',
      call: (...values: unknown[]) => new Map(values.map((value, index) => [`arg${index}`, value])),
    },
    reReplaceAll: {
      parameters: ['string', 'string', 'string'],
      call: (pattern: string, replacement: string, subject: string) =>
        compiled(pattern, (problem) => `regexp: Compile(\`${pattern}\`): ${problem}`).replaceAll(subject, replacement),
    },
    safeHtml: text((html) => new SafeHtml(html)),
    match: {
      parameters: ['string', 'string'],
      call: (pattern: string, subject: string) => compiled(pattern, (problem) => problem).test(subject),
    },
    title: text(titleCase),
    toUpper: text((subject) => subject.toUpperCase()),
    toLower: text((subject) => subject.toLowerCase()),
    graphLink: text(graphLink),
    tableLink: text(tableLink),
    sortByLabel: { parameters: ['string', 'any'], call: sortByLabel },
    stripPort: text(stripPort),
    stripDomain: text(stripDomain),
    humanize: any(humanize),
    humanize1024: any(humanize1024),
    humanizeDuration: any(humanizeDuration),
    humanizePercentage: any(humanizePercentage),
    humanizeTimestamp: any(humanizeTimestamp),
    toTime: any(toTime),
    toDuration: any(toDuration),
    now: none(() => current().timeMs / 1000),
    pathPrefix: none(() => pathOf(current().externalUrl)),
    externalURL: none(() => current().externalUrl),
    parseDuration: text(durationSeconds),
    urlQueryEscape: text(escapeQuery),
  }
}

function resultOf(value: unknown): QueryResult {
  if (value instanceof QueryResult) return value
  throw new TemplateFunctionError('wrong type for value; expected template.queryResult')
}

function sampleOf(value: unknown): TemplateSample {
  if (value instanceof TemplateSample) return value
  throw new TemplateFunctionError('wrong type for value; expected *template.sample')
}

function first(value: unknown): TemplateSample {
  const result = resultOf(value)
  if (result.length === 0) throw new TemplateFunctionError('first() called on vector with no elements')
  return result[0]
}

function sortByLabel(name: string, value: unknown): QueryResult {
  const key = (sample: TemplateSample): string => sample.Labels.get(name) ?? ''
  return QueryResult.from(Array.from(resultOf(value)).toSorted((a, b) => compareText(key(a), key(b)))) as QueryResult
}

function compiled(pattern: string, describe: (problem: string) => string): Regex {
  try {
    return compileRegex(pattern)
  } catch (error) {
    if (error instanceof RegexError) throw new TemplateFunctionError(describe(error.message))
    throw error
  }
}

/** Go's strings.Title: every letter after something that is neither letter, digit, underscore nor apostrophe. */
function titleCase(text: string): string {
  return text.replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_whole, before: string, letter: string) => {
    return before + letter.toUpperCase()
  })
}

/** Go's net.SplitHostPort. @returns undefined where it fails */
function splitHostPort(text: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^[\]:]*)):([^[\]:]*)$/.exec(text)
  return match === null ? undefined : { host: match[1] ?? match[2] ?? '', port: match[3] }
}

function stripPort(text: string): string {
  return splitHostPort(text)?.host ?? text
}

function stripDomain(text: string): string {
  const { host, port } = splitHostPort(text) ?? { host: text, port: '' }
  if (isIPv4(host) || isIPv6(host)) return text
  const name = host.split('.', 1)[0]
  return port === '' ? name : `${name}:${port}`
}

function pathOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? url
}

function durationSeconds(text: string): number {
  try {
    return parseSignedDuration(text) / 1000
  } catch (error) {
    if (error instanceof DurationError) throw new TemplateFunctionError(error.message)
    throw error
  }
}
