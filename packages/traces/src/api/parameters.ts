import { parseGoDuration } from '@quartet/query'
import { HttpError } from '@quartet/runtime'
import { parseTags } from './logfmt-tags.ts'

export interface SearchParameters {
  readonly query: string | undefined
  readonly tags: ReadonlyMap<string, string>
  readonly minDurationNs: number
  readonly maxDurationNs: number
  readonly limit: number | undefined
  readonly spansPerSpanSet: number
  /** Unix seconds; 0: not given. */
  readonly start: number
  readonly end: number
}

const DEFAULT_SPANS_PER_SPAN_SET = 3

/** Parameters of `GET /api/search`. @throws HttpError 400 with upstream's text */
export function parseSearchParameters(parameters: URLSearchParams): SearchParameters {
  const query = parameters.get('q') ?? undefined
  const tagsText = parameters.get('tags') ?? ''
  if (query && tagsText !== '') throw new HttpError(400, "invalid request: can't specify tags and q in the same query")
  const minDurationNs = parseDurationParameter(parameters, 'minDuration')
  const maxDurationNs = parseDurationParameter(parameters, 'maxDuration')
  if (minDurationNs > 0 && maxDurationNs > 0 && maxDurationNs <= minDurationNs) {
    throw new HttpError(400, 'invalid maxDuration: must be greater than minDuration')
  }
  return {
    query,
    tags: parseTags(tagsText),
    minDurationNs,
    maxDurationNs,
    limit: parsePositive(parameters, 'limit'),
    spansPerSpanSet: parsePositive(parameters, 'spss') ?? DEFAULT_SPANS_PER_SPAN_SET,
    ...parseRange(parameters),
  }
}

/** `start` and `end` in Unix seconds; 0 when absent. */
export function parseRange(parameters: URLSearchParams): { start: number; end: number } {
  const start = parseSeconds(parameters, 'start')
  const end = parseSeconds(parameters, 'end')
  if (start !== 0 && end !== 0 && end <= start) {
    throw new HttpError(400, `http parameter start must be before end. received start=${start} end=${end}`)
  }
  return { start, end }
}

function parseSeconds(parameters: URLSearchParams, name: string): number {
  const text = parameters.get(name)
  if (text === null || text === '') return 0
  if (!/^[+-]?\d+$/.test(text)) {
    throw new HttpError(400, `invalid ${name}: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Number(text)
}

function parsePositive(parameters: URLSearchParams, name: string): number | undefined {
  const text = parameters.get(name)
  if (text === null || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) {
    throw new HttpError(400, `invalid ${name}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  const value = Number(text)
  if (value <= 0) throw new HttpError(400, `invalid ${name}: must be a positive number`)
  return value
}

function parseDurationParameter(parameters: URLSearchParams, name: string): number {
  const text = parameters.get(name)
  if (text === null || text === '') return 0
  try {
    return Number(parseGoDuration(text))
  } catch (error) {
    throw new HttpError(400, `invalid ${name}: ${(error as Error).message}`, { cause: error })
  }
}
