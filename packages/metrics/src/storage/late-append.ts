import type { Batch } from './append-batch.ts'
import { LATE, LATE_HISTOGRAM, OVERTAKEN, OVERTAKEN_HISTOGRAM } from './append-batch.ts'
import type { Head } from './head.ts'
import { insertLateHistogram } from './late-samples.ts'
import { PART_LATE_HISTOGRAMS, PART_LATE_SAMPLES } from './wal-records.ts'
import type { RecordWriter } from './wal-records.ts'

/** Writes the samples of a batch that were judged to be late. */
export function logLate(record: RecordWriter, batch: Batch): void {
  logVerdicts(record, batch, LATE, LATE_HISTOGRAM)
}

/** Writes the samples of a batch that were overtaken, with the definitions of their series, which may be of another head by now. */
export function logOvertaken(record: RecordWriter, batch: Batch, head: Head): void {
  for (let index = 0; index < batch.count; index++) {
    if (isOvertaken(batch, index)) record.series(batch.refs[index], head.series)
  }
  logVerdicts(record, batch, OVERTAKEN, OVERTAKEN_HISTOGRAM)
}

export function isOvertaken({ verdicts }: Batch, index: number): boolean {
  return verdicts[index] === OVERTAKEN || verdicts[index] === OVERTAKEN_HISTOGRAM
}

/** Puts one late sample into the head; returns whether it is new. */
export function applyLate(head: Head, batch: Batch, index: number): boolean {
  const { late } = head
  const { refs, timesMs, bits, verdicts } = batch
  const isHistogram = verdicts[index] === LATE_HISTOGRAM || verdicts[index] === OVERTAKEN_HISTOGRAM
  return isHistogram
    ? insertLateHistogram(late, refs[index], timesMs[index], batch.histograms![index]!)
    : late.insert(refs[index], timesMs[index], bits[2 * index], bits[2 * index + 1])
}

function logVerdicts(record: RecordWriter, batch: Batch, float: number, histogram: number): void {
  const { refs, timesMs, histograms, count } = batch
  const verdicts = batch.verdicts.subarray(0, count)
  if (verdicts.includes(float)) record.samples(batch, count, verdicts, float, PART_LATE_SAMPLES)
  if (histograms === undefined || !verdicts.includes(histogram)) return
  record.histograms({ refs, timesMs, histograms }, count, verdicts, histogram, PART_LATE_HISTOGRAMS)
}
