import type { Label, Labels } from '@quartet/model'
import type { Matcher } from '@quartet/query'

/** One stream as queries see it. The object is the same for the same stream within one query. */
export interface LogStream {
  readonly labels: Labels
  /** Equal exactly for equal label sets. */
  readonly key: string
}

/** Nanoseconds since 1970: both ends belong to the window. */
export interface TimeWindow {
  readonly startNs: bigint
  readonly endNs: bigint
}

/** Which columns of a page a query needs: metadata and times always come, line text only when asked for. */
export interface PageNeeds {
  readonly text: boolean
}

/** Up to a few thousand consecutive lines of one stream. */
export interface LogPage {
  readonly stream: LogStream
  readonly minNs: bigint
  readonly maxNs: bigint
  readonly count: number
  open(needs: PageNeeds): Promise<PageLines> | PageLines
}

/** The columns of a page, sorted by time. Valid until the next `open` of any page, so read before awaiting anything else. */
export interface PageLines {
  readonly count: number
  readonly seconds: Uint32Array
  readonly nanos: Uint32Array
  /** Line `i` is `text[lineEnds[i-1] ?? 0, lineEnds[i])`; empty when text was not asked for, while `lineEnds` is always there. */
  readonly text: Buffer
  readonly lineEnds: Uint32Array
  /** Index into {@link metadata}. */
  readonly metadataOf: Uint32Array
  /** Decodes a metadata set; cached by the page. */
  metadata(set: number): readonly Label[]
  readonly compressedBytes: number
}

/** What LogQL reads from; the store implements it. */
export interface LogSource {
  /** Every page with a line in the window, in no particular order. */
  select(matchers: readonly Matcher[], window: TimeWindow): Promise<readonly LogPage[]>
}
