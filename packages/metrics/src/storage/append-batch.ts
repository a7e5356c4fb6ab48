import { bitsOf } from '@quartet/model'
import type { MetricMetadata } from '@quartet/model'
import type { Head } from './head.ts'
import { APPENDABLE } from './head.ts'
import type { LoggedExemplar } from './wal-records.ts'

/** Columns of one batch on its way into the head. Pooled, because a batch waits for the WAL. */
export class Batch {
  head!: Head
  generation = 0
  count = 0
  refs = new Uint32Array(64)
  timesMs = new Float64Array(64)
  values = new Float64Array(64)
  bits = bitsOf(this.values)
  verdicts = new Uint8Array(64)
  exemplars: LoggedExemplar[] = []
  metadata: readonly MetricMetadata[] = []
  /** Series whose definition the record carries. */
  defined: number[] = []

  start(head: Head, count: number): void {
    this.head = head
    this.count = count
    this.exemplars = []
    this.metadata = []
    this.defined.length = 0
    if (count > this.refs.length) {
      const size = Math.max(count, 2 * this.refs.length)
      this.refs = new Uint32Array(size)
      this.timesMs = new Float64Array(size)
      this.values = new Float64Array(size)
      this.bits = bitsOf(this.values)
      this.verdicts = new Uint8Array(size)
    }
    this.verdicts.fill(APPENDABLE, 0, count)
  }
}
