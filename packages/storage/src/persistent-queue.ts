import type { FileSystem } from './file-system.ts'
import { Wal } from './wal.ts'
import type { WalProblem } from './wal.ts'

const ITEM = 1
const DONE = 2
/** Kind byte and sequence number (float64, little-endian). */
const HEADER_BYTES = 9
const DEFAULT_SEGMENT_BYTES = 8 << 20

export interface PersistentQueueOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  /** Payload bytes that may wait; `put` refuses more. They are held in memory too, so this also bounds memory. */
  readonly maxBytes: number
  readonly segmentBytes?: number
  readonly sync?: 'interval' | 'always'
  readonly every?: (ms: number, f: () => void) => { cancel(): void }
  readonly onProblem: (problem: WalProblem) => void
}

export interface QueueItem {
  /** Ascending in the order of `put`. */
  readonly sequence: number
  readonly payload: Uint8Array
}

/** The queue holds `limitBytes` already. Whoever offered the item decides whether to wait, refuse or drop. */
export class QueueFullError extends Error {
  readonly limitBytes: number
  constructor(limitBytes: number) {
    super(`the queue is full: ${limitBytes} bytes are waiting`)
    this.name = 'QueueFullError'
    this.limitBytes = limitBytes
  }
}

/**
 * A bounded first-in-first-out queue that survives the process: what `put` has resolved for is delivered at least once,
 * also after `kill -9`. An item that was finished shortly before a crash may be delivered again.
 * Items and the notes that they are done lie in one {@link Wal}; a segment goes when all its items are done.
 */
export class PersistentQueue {
  readonly #wal: Wal
  readonly #maxBytes: number
  readonly #segmentBytes: number
  readonly #waiting: QueueItem[] = []
  /** Items taken or waiting, by sequence: the segment that holds each. */
  readonly #segments = new Map<number, number>()
  readonly #livePerSegment = new Map<number, number>()
  readonly #takers: ((item: QueueItem | undefined) => void)[] = []
  #pendingBytes = 0
  /** Items on their way into the WAL: the segment that they reach is not known yet. */
  #storing = 0
  #nextSequence = 1
  #firstSegment = 0
  #isClosed = false

  static async open(options: PersistentQueueOptions): Promise<PersistentQueue> {
    const segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES
    const wal = await Wal.open({ ...options, segmentBytes })
    const queue = new PersistentQueue(wal, options.maxBytes, segmentBytes)
    await queue.#recover()
    return queue
  }

  private constructor(wal: Wal, maxBytes: number, segmentBytes: number) {
    this.#wal = wal
    this.#maxBytes = maxBytes
    this.#segmentBytes = segmentBytes
  }

  /** Payload bytes of items that are not done. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Items that are not done, taken ones included. */
  get pendingCount(): number {
    return this.#segments.size
  }

  /**
   * Resolves when the item is in the WAL. The payload is copied.
   * @throws QueueFullError, or WalError when the disk refuses
   */
  async put(payload: Uint8Array): Promise<void> {
    if (this.#pendingBytes > 0 && this.#pendingBytes + payload.length > this.#maxBytes)
      throw new QueueFullError(this.#maxBytes)
    const item = { sequence: this.#nextSequence++, payload: payload.slice() }
    this.#pendingBytes += payload.length
    this.#storing++
    try {
      await this.#store(item)
    } catch (error) {
      this.#pendingBytes -= payload.length
      throw error
    } finally {
      this.#storing--
    }
    const taker = this.#takers.shift()
    if (taker) taker(item)
    else this.#waiting.push(item)
  }

  /** The next item, waiting for one if need be; undefined once the queue is closed or the signal is aborted. */
  take(signal?: AbortSignal): Promise<QueueItem | undefined> {
    if (this.#isClosed || signal?.aborted) return Promise.resolve(undefined)
    const item = this.#waiting.shift()
    if (item) return Promise.resolve(item)
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#takers.splice(this.#takers.indexOf(taker), 1)
        resolve(undefined)
      }
      const taker = (next: QueueItem | undefined): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve(next)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#takers.push(taker)
    })
  }

  /** Puts a taken item back in front, for instance when its delivery was interrupted by a shutdown. */
  giveBack(item: QueueItem): void {
    this.#waiting.unshift(item)
  }

  /** Notes that a taken item was delivered or given up for good. */
  async done(item: QueueItem): Promise<void> {
    const segment = this.#segments.get(item.sequence)
    if (segment === undefined) return
    this.#segments.delete(item.sequence)
    this.#pendingBytes -= item.payload.length
    const live = (this.#livePerSegment.get(segment) ?? 1) - 1
    if (live > 0) this.#livePerSegment.set(segment, live)
    else this.#livePerSegment.delete(segment)
    await this.#wal.append(record(DONE, item.sequence))
    await this.#removeFinishedSegments()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const taker of this.#takers.splice(0)) taker(undefined)
    await this.#wal.close()
  }

  async #store(item: QueueItem): Promise<void> {
    await this.#wal.append(record(ITEM, item.sequence, item.payload))
    const { segment } = this.#wal
    this.#segments.set(item.sequence, segment)
    this.#livePerSegment.set(segment, (this.#livePerSegment.get(segment) ?? 0) + 1)
  }

  /** Segments are freed in order, since a `done` note must not go before its item. */
  async #removeFinishedSegments(): Promise<void> {
    if (this.#segments.size === 0 && this.#storing === 0 && this.#wal.sizeBytes > this.#segmentBytes) {
      this.#firstSegment = await this.#wal.cut()
      return this.#wal.removeBefore(this.#firstSegment)
    }
    const first = Math.min(this.#wal.segment, ...this.#livePerSegment.keys())
    if (first <= this.#firstSegment) return
    this.#firstSegment = first
    await this.#wal.removeBefore(first)
  }

  /** Reads what is not done, and writes it together into a fresh segment so that old ones can go. */
  async #recover(): Promise<void> {
    const items = new Map<number, QueueItem>()
    await this.#wal.replay((bytes) => {
      const sequence = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(1, true)
      this.#nextSequence = Math.max(this.#nextSequence, sequence + 1)
      if (bytes[0] === ITEM) items.set(sequence, { sequence, payload: bytes.slice(HEADER_BYTES) })
      else items.delete(sequence)
    })
    if (this.#wal.segment < 0) return
    const fresh = await this.#wal.cut()
    for (const item of items.values()) {
      await this.#store(item)
      this.#pendingBytes += item.payload.length
      this.#waiting.push(item)
    }
    await this.#wal.sync()
    await this.#wal.removeBefore(fresh)
    this.#firstSegment = fresh
  }
}

function record(kind: number, sequence: number, payload: Uint8Array = NOTHING): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length)
  bytes[0] = kind
  new DataView(bytes.buffer).setFloat64(1, sequence, true)
  bytes.set(payload, HEADER_BYTES)
  return bytes
}

const NOTHING = new Uint8Array(0)
