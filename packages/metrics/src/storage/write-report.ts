/** What became of one write. */
export interface WriteReport {
  readonly samples: number
  readonly exemplars: number
  readonly outOfOrder: number
  readonly duplicate: number
  readonly tooOld: number
  /** Series refused by the head-series limit. */
  readonly limited: number
  /** Series with invalid labels: dropped and counted, as upstream does. */
  readonly invalid: number
  /** Native histograms, which are not stored yet. */
  readonly histogramsSkipped: number
  /** The first refusal as upstream words it, to be answered with 400; undefined when all was stored. */
  readonly problem: string | undefined
}
