import type { Labels, NativeHistogram } from '@quartet/model'

/** What {@link ExpositionParser.next} found. */
export type EntryKind = 'series' | 'histogram' | 'type' | 'help' | 'unit' | 'comment' | 'end'

/** A text that is not the exposition format. The message is upstream's. */
export class ExpositionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ExpositionError'
  }
}

export interface ParsedExemplar {
  readonly labels: Labels
  readonly value: number
  readonly timeMs: number | undefined
}

/**
 * A pull parser over one scrape body. After `next()` answered `series`, the fields below describe that line until the next
 * call; nothing is made into a string unless it is asked for.
 */
export interface ExpositionParser {
  /** @throws ExpositionError */
  next(): EntryKind
  /**
   * When the next entry is a series line whose metric text is exactly `known[start..end)`, parses its value and time and
   * returns true without looking at the labels; else changes nothing. This is how a series that was seen in the
   * last scrape costs no string.
   */
  nextIfKnown(known: Uint8Array, start: number, end: number): boolean
  readonly bytes: Uint8Array
  /** The metric text as written, `name{labels}`: a range of {@link bytes}. */
  readonly seriesStart: number
  readonly seriesEnd: number
  readonly value: number
  /** `undefined` when the line has no timestamp. */
  readonly timeMs: number | undefined
  /** Labels of the current series with `__name__`, sorted, empty ones dropped. */
  labels(): Labels
  exemplar(): ParsedExemplar | undefined
  /** Of a `histogram` entry, which else is like a `series` without a value. Absent where the format has none. */
  readonly histogram?: NativeHistogram | undefined
  /** Exemplars of a `histogram` entry, those with a time. */
  histogramExemplars?(): readonly ParsedExemplar[]
  /** When the series of the current entry began. */
  readonly createdMs?: number | undefined
  /** Family name and text of the current `type`, `help` or `unit` entry; the text of a `comment`. */
  readonly family: string
  readonly text: string
}
