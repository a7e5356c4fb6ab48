import type { Label, Labels } from '@quartet/model'
import type { SampleColumns, SelectedSeries, SelectRequest, SeriesSelection, SeriesSource } from '../../query/source.ts'
import { errorOf } from './failure.ts'
import type { FromThread, SeriesBatch, ToThread } from './messages.ts'

interface Waiting {
  readonly resolve: (batch: SeriesBatch) => void
  readonly reject: (error: Error) => void
}

/** The database as a query thread sees it: what is selected comes in batches from the thread that has it. */
export class ThreadSource {
  readonly #post: (message: FromThread) => void
  readonly #waiting = new Map<number, Waiting>()
  #lastSelection = 0

  constructor(post: (message: FromThread) => void) {
    this.#post = post
  }

  /** @param query whose deadline and client the selection has */
  of(query: number): SeriesSource {
    const unused = (): never => {
      throw new Error('a query thread only selects series')
    }
    return {
      select: (request) => this.#select(query, request),
      labelNames: unused,
      labelValues: unused,
      metadata: unused,
    }
  }

  hear(message: Extract<ToThread, { kind: 'batch' | 'failed' }>): void {
    const waiting = this.#waiting.get(message.selection)
    this.#waiting.delete(message.selection)
    if (message.kind === 'batch') waiting?.resolve(message.batch)
    else waiting?.reject(errorOf(message.failure))
  }

  async #select(query: number, { matchers, minMs, maxMs }: SelectRequest): Promise<SeriesSelection> {
    const selection = ++this.#lastSelection
    const plain = matchers.map(({ name, op, value }) => ({ name, op, value }))
    const first = this.#ask(selection, { kind: 'select', query, selection, matchers: plain, minMs, maxMs })
    const reader = new BatchReader()
    const release = (): void => {
      this.#waiting.delete(selection)
      this.#post({ kind: 'release', selection })
    }
    let ahead: Promise<SeriesBatch> | undefined
    const take = (batch: SeriesBatch): readonly SelectedSeries[] => {
      // The next batch is read while this one is evaluated.
      ahead = batch.isLast ? undefined : this.#ask(selection, { kind: 'more', selection })
      ahead?.catch(() => undefined) // whoever takes it gets the error
      return reader.read(batch)
    }
    const series = take(await first)
    return { series, more: async () => (ahead === undefined ? undefined : take(await ahead)), release }
  }

  #ask(selection: number, message: FromThread): Promise<SeriesBatch> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(selection, { resolve, reject })
      this.#post(message)
    })
  }
}

/** Makes series of batches; what later batches refer to is kept. */
class BatchReader {
  readonly #pairs: Label[] = []
  readonly #times = new Map<number, Float64Array>()

  read(batch: SeriesBatch): SelectedSeries[] {
    const { newPairs, pairs, pairEnds, counts, timesIds, newTimes, values, histograms } = batch
    for (let at = 0; at < newPairs.length; at += 2) this.#pairs.push([newPairs[at], newPairs[at + 1]])
    const series: SelectedSeries[] = []
    let pair = 0
    let timesAt = 0
    let valuesAt = 0
    for (let index = 0; index < counts.length; index++) {
      const labels: Label[] = []
      for (; pair < pairEnds[index]; pair++) labels.push(this.#pairs[pairs[pair]])
      const count = counts[index]
      const timesId = timesIds[index]
      let times = timesId === 0 ? undefined : this.#times.get(timesId)
      if (times === undefined) {
        times = newTimes.subarray(timesAt, timesAt + count)
        timesAt += count
        if (timesId !== 0) this.#times.set(timesId, times)
      }
      const read = values.subarray(valuesAt, valuesAt + count)
      series.push(new BatchSeries(labels, { times, values: read, timesId, histograms: histograms.get(index) }))
      valuesAt += count
    }
    return series
  }
}

interface BatchColumns {
  readonly times: Float64Array
  readonly values: Float64Array
  readonly timesId: number
  readonly histograms: ReturnType<SeriesBatch['histograms']['get']>
}

class BatchSeries implements SelectedSeries {
  readonly labels: Labels
  readonly #columns: BatchColumns

  constructor(labels: Labels, columns: BatchColumns) {
    this.labels = labels
    this.#columns = columns
  }

  read(into: SampleColumns): void {
    const { times, values, timesId, histograms } = this.#columns
    into.reserve(values.length)
    into.timesMs.set(times)
    into.values.set(values)
    into.histograms = histograms?.slice()
    into.count = values.length
    into.timesId = timesId
  }
}
