import type { SampleColumns } from '../query/source.ts'
import { nextTimesId } from './series-part.ts'

/** Times that are kept for comparison; with more scrape groups than fit, later ones are taken for new. */
const MAX_KEPT = 1 << 18

interface Known {
  readonly timesMs: Float64Array
  readonly id: number
}

/** Finds out which series of a selection have the same times, so that windows over them are searched once. */
export class TimesIds {
  readonly #byEnds = new Map<number, Known[]>()
  #kept = 0
  /** Series of one group often follow each other. */
  #last: Known = { timesMs: new Float64Array(0), id: 0 }

  of(columns: SampleColumns): number {
    if (isSame(this.#last, columns)) return this.#last.id
    const { timesMs, count } = columns
    const key = timesMs[0] + 3 * timesMs[count - 1] + 0.001 * count
    const alike = this.#byEnds.get(key)
    const known = alike?.find((one) => isSame(one, columns))
    if (known !== undefined) {
      this.#last = known
      return known.id
    }
    const added = { timesMs: timesMs.slice(0, count), id: nextTimesId() }
    this.#last = added
    this.#kept += count
    if (this.#kept > MAX_KEPT) {
      this.#byEnds.clear()
      this.#kept = count
      this.#byEnds.set(key, [added])
    } else if (alike === undefined) this.#byEnds.set(key, [added])
    else alike.push(added)
    return added.id
  }
}

function isSame(known: Known, { timesMs, count }: SampleColumns): boolean {
  const other = known.timesMs
  if (count !== other.length) return false
  for (let index = 0; index < count; index++) if (timesMs[index] !== other[index]) return false
  return true
}
