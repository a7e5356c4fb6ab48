/** What became of one write. */
export interface WriteReport {
  /** Samples stored, native histograms among them. */
  readonly samples: number
  /** Native histograms that were taken. */
  readonly histograms: number
  readonly exemplars: number
  readonly outOfOrder: number
  readonly duplicate: number
  readonly tooOld: number
  /** Series refused by the head-series limit. */
  readonly limited: number
  /** Series with invalid labels: dropped and counted, as upstream does. */
  readonly invalid: number
  /** The refusals as upstream words them, to be answered with 400; undefined when all was stored. */
  readonly problem: string | undefined
}
