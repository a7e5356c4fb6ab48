import { join } from 'node:path'
import {
  decodeFrame,
  encodeDone,
  encodeEntry,
  ENTRY_HEAD_BYTES,
  FRAME_BYTES,
  FRAME_DONE,
  SEGMENT_HEADER,
  scanSegment,
} from './disk-queue-format.ts'
import type { FileHandle, FileSystem } from './file-system.ts'

/** The queue has reached a stated bound; what was offered is not in it. */
export class QueueFullError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'QueueFullError'
  }
}

export interface QueueProblem {
  readonly kind: 'torn' | 'corrupt' | 'write'
  readonly message: string
  readonly cause?: unknown
}

export interface DiskQueueOptions {
  readonly fileSystem: FileSystem
  /** Absolute; made on the first write. */
  readonly directory: string
  /** How many entries may wait or be under way. */
  readonly maxEntries: number
  /** Bytes of all entries that wait or are under way. */
  readonly maxBytes: number
  readonly segmentBytes?: number
  /** Entries beyond this are read back from the disk when their turn comes. */
  readonly cacheBytes?: number
  /** `always` waits for fsync before an entry counts as accepted; otherwise {@link every} drives one a second. */
  readonly sync?: 'interval' | 'always'
  readonly every?: (ms: number, action: () => void) => { cancel(): void }
  readonly onProblem: (problem: QueueProblem) => void
}

export interface QueueEntry {
  readonly sequence: number
  /** Spans, log lines …; what the counters count. */
  readonly items: number
  readonly sizeBytes: number
}

interface StoredEntry extends QueueEntry {
  readonly segment: number
  readonly offset: number
  data: Uint8Array | undefined
}

interface Segment {
  size: number
  live: number
}

interface WriteItem {
  readonly frame: Uint8Array
  readonly resolve: (place: { segment: number; offset: number }) => void
  readonly reject: (error: unknown) => void
}

const DEFAULT_SEGMENT_BYTES = 16 * 1024 * 1024
const DEFAULT_CACHE_BYTES = 8 * 1024 * 1024
const SYNC_INTERVAL_MS = 1000

/**
 * A first-in-first-out queue in segment files: an entry is in the kernel before {@link put} resolves, so a killed process finds
 * it again; it is forgotten only after {@link done}. Entries that were under way at a crash are handed out once more. Layout in
 * docs/format/queue.md. Segments are removed from the front only, since a later one may hold the `done` of an earlier one.
 */
export class DiskQueue {
  readonly #options: DiskQueueOptions
  readonly #segmentBytes: number
  readonly #cacheBytes: number
  readonly #segments = new Map<number, Segment>()
  readonly #waiting: StoredEntry[] = []
  readonly #underWay = new Map<number, StoredEntry>()
  readonly #takers: ((entry: QueueEntry | undefined) => void)[] = []
  readonly #pending: WriteItem[] = []
  readonly #timer: { cancel(): void } | undefined
  #file: FileHandle | undefined
  #current = 0
  #nextSequence = 1
  #count = 0
  #bytes = 0
  #cached = 0
  #writer: Promise<void> | undefined
  #isDirty = false
  #isSuspect = false
  #isClosed = false

  private constructor(options: DiskQueueOptions) {
    this.#options = options
    this.#segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES
    this.#cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES
    this.#timer = options.every?.(
      SYNC_INTERVAL_MS,
      () => void this.#syncNow().catch((cause: unknown) => this.#report('fsync failed', cause)),
    )
  }

  /** Reads back what an earlier run has left. Damage is cut off or skipped, and reported. */
  static async open(options: DiskQueueOptions): Promise<DiskQueue> {
    const queue = new DiskQueue(options)
    await queue.#recover()
    return queue
  }

  /** Entries that wait or are under way. */
  get size(): number {
    return this.#count
  }

  get sizeBytes(): number {
    return this.#bytes
  }

  /**
   * Resolves when the entry would survive the process. `data` is copied at once, so that the caller may go on using its buffer.
   * @throws QueueFullError at the bounds, or the disk's error; the entry is then not in the queue
   */
  async put(data: Uint8Array, items: number): Promise<void> {
    const { maxEntries, maxBytes } = this.#options
    if (this.#isClosed) throw new QueueFullError('queue is closed')
    if (this.#count >= maxEntries) throw new QueueFullError(`queue is full: ${maxEntries} requests`)
    if (this.#bytes + data.length > maxBytes && this.#count > 0)
      throw new QueueFullError(`queue is full: ${maxBytes} bytes`)
    this.#count++
    this.#bytes += data.length
    const sequence = this.#nextSequence++
    try {
      const frame = encodeEntry(sequence, items, data)
      const sizeBytes = data.length
      const { segment, offset } = await this.#write(frame)
      this.#segments.get(segment)!.live++
      const keeps = this.#cached + sizeBytes <= this.#cacheBytes
      if (keeps) this.#cached += sizeBytes
      const kept = keeps ? frame.subarray(FRAME_BYTES + ENTRY_HEAD_BYTES) : undefined
      this.#offer({ sequence, items, sizeBytes, segment, offset, data: kept })
    } catch (error) {
      this.#count--
      this.#bytes -= data.length
      throw error
    }
  }

  /** The oldest entry that nobody works on; waits for one. `undefined` after {@link close}. */
  take(): Promise<QueueEntry | undefined> {
    const entry = this.#waiting.shift()
    if (entry) {
      this.#underWay.set(entry.sequence, entry)
      return Promise.resolve(entry)
    }
    if (this.#isClosed) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  /** The oldest entry, if there is one. */
  takeNow(): QueueEntry | undefined {
    const entry = this.#waiting.shift()
    if (entry) this.#underWay.set(entry.sequence, entry)
    return entry
  }

  /** Like {@link take}, but gives up when the timer that `arm` starts fires. */
  takeWithin(arm: (wake: () => void) => { cancel(): void }): Promise<QueueEntry | undefined> {
    if (this.#waiting.length > 0 || this.#isClosed) return Promise.resolve(this.takeNow())
    return new Promise((resolve) => {
      const taker = (entry: QueueEntry | undefined): void => {
        timer.cancel()
        resolve(entry)
      }
      const timer = arm(() => {
        const index = this.#takers.indexOf(taker)
        if (index >= 0) this.#takers.splice(index, 1)
        resolve(undefined)
      })
      this.#takers.push(taker)
    })
  }

  /** The bytes of an entry that was taken. @throws when the disk has lost them */
  async read(entry: QueueEntry): Promise<Uint8Array> {
    const stored = this.#underWay.get(entry.sequence)
    if (!stored) throw new Error(`queue entry ${entry.sequence} is not under way`)
    if (stored.data) return stored.data
    const file = await this.#options.fileSystem.open(this.#path(stored.segment), 'read')
    try {
      const frame = new Uint8Array(FRAME_BYTES + ENTRY_HEAD_BYTES + stored.sizeBytes)
      const got = await file.readAt(frame, stored.offset)
      const payload = decodeFrame(frame.subarray(0, got), 0)
      if (!payload) throw new Error(`queue segment ${stored.segment}: entry at offset ${stored.offset} is damaged`)
      return payload.subarray(ENTRY_HEAD_BYTES)
    } finally {
      await file.close()
    }
  }

  /** These entries are delivered, or dropped for good. A crash before the note is written repeats them. */
  done(...entries: readonly QueueEntry[]): void {
    const finished: number[] = []
    for (const { sequence } of entries) {
      const stored = this.#underWay.get(sequence)
      if (!stored) continue
      finished.push(sequence)
      this.#underWay.delete(sequence)
      this.#count--
      this.#bytes -= stored.sizeBytes
      if (stored.data) this.#cached -= stored.sizeBytes
      const segment = this.#segments.get(stored.segment)
      if (segment) segment.live--
    }
    if (this.#isClosed || finished.length === 0) return
    this.#write(encodeDone(finished)).then(
      () => this.#removeFinished(),
      (cause: unknown) => this.#report('could not note a delivery; it may be repeated after a restart', cause),
    )
  }

  /** Puts an entry back to the front, for whoever stops before it is delivered. */
  giveBack(entry: QueueEntry): void {
    const stored = this.#underWay.get(entry.sequence)
    if (!stored) return
    this.#underWay.delete(entry.sequence)
    this.#waiting.unshift(stored)
  }

  /** Wakes all takers with `undefined`; what is in the queue stays on the disk. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timer?.cancel()
    for (const taker of this.#takers.splice(0)) taker(undefined)
    while (this.#writer) await this.#writer
    try {
      await this.#syncNow()
    } finally {
      await this.#file?.close()
      this.#file = undefined
    }
  }

  #offer(entry: StoredEntry): void {
    const taker = this.#takers.shift()
    if (!taker) this.#waiting.push(entry)
    else {
      this.#underWay.set(entry.sequence, entry)
      taker(entry)
    }
  }

  #write(frame: Uint8Array): Promise<{ segment: number; offset: number }> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ frame, resolve, reject })
      this.#writer ??= this.#drain()
    })
  }

  /** Everything that came while the last write was under way goes out in one. */
  async #drain(): Promise<void> {
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0)
      try {
        await this.#writeBatch(batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#writer = undefined
  }

  async #writeBatch(batch: readonly WriteItem[]): Promise<void> {
    const size = this.#segments.get(this.#current)?.size ?? 0
    if (!this.#file || this.#isSuspect || size >= this.#segmentBytes) await this.#beginSegment()
    const segment = this.#segments.get(this.#current)!
    const start = segment.size
    try {
      await this.#file!.append(batch.map(({ frame }) => frame))
      this.#isDirty = true
      if (this.#options.sync === 'always') await this.#syncNow()
    } catch (error) {
      await this.#undo(start, error)
      throw error
    }
    let offset = start
    for (const { frame, resolve } of batch) {
      resolve({ segment: this.#current, offset })
      offset += frame.length
    }
    segment.size = offset
  }

  async #undo(size: number, cause: unknown): Promise<void> {
    this.#report('refused entries because the disk failed', cause)
    try {
      await this.#file!.truncate(size)
    } catch (error) {
      this.#isSuspect = true
      this.#report('could not cut off a partial write; going on in a new segment', error)
    }
  }

  async #beginSegment(): Promise<void> {
    const { fileSystem, directory } = this.#options
    const number = this.#current + 1
    await fileSystem.makeDirectory(directory)
    if (this.#file && !this.#isSuspect) await this.#syncNow()
    const file = await fileSystem.open(this.#path(number), 'create')
    try {
      await file.append([SEGMENT_HEADER])
      await file.sync()
      await fileSystem.syncDirectory(directory)
    } catch (error) {
      await file.close()
      throw error
    }
    await this.#file?.close()
    this.#file = file
    this.#current = number
    this.#segments.set(number, { size: SEGMENT_HEADER.length, live: 0 })
    this.#isSuspect = false
    this.#isDirty = false
  }

  async #syncNow(): Promise<void> {
    if (!this.#isDirty || !this.#file) return
    this.#isDirty = false
    try {
      await this.#file.sync()
    } catch (error) {
      // The kernel may have dropped the pages: nothing more may go into this segment.
      this.#isSuspect = true
      throw error
    }
  }

  async #removeFinished(): Promise<void> {
    for (const [number, segment] of this.#segments) {
      if (number === this.#current || segment.live > 0) return
      this.#segments.delete(number)
      try {
        await this.#options.fileSystem.removeFile(this.#path(number))
      } catch (error) {
        this.#report(`could not remove queue segment ${number}`, error)
      }
    }
  }

  async #recover(): Promise<void> {
    const { fileSystem, directory } = this.#options
    const numbers = (await fileSystem.list(directory)).map(segmentNumber).filter((number) => number !== undefined)
    const found = new Map<number, StoredEntry>()
    for (const number of numbers.sort((a, b) => a - b)) {
      const bytes = await fileSystem.readFile(this.#path(number))
      const { end, skippedBytes } = scanSegment(bytes, (type, sequence, items, offset, sizeBytes) => {
        this.#nextSequence = Math.max(this.#nextSequence, sequence + 1)
        if (type === FRAME_DONE) found.delete(sequence)
        else found.set(sequence, { sequence, items, sizeBytes, segment: number, offset, data: undefined })
      })
      if (skippedBytes > 0) this.#problem('corrupt', `queue segment ${number}: skipped ${skippedBytes} damaged bytes`)
      if (end < bytes.length)
        this.#problem('torn', `queue segment ${number}: cut off ${bytes.length - end} bytes at the end`)
      this.#segments.set(number, { size: end, live: 0 })
      this.#current = number
    }
    for (const entry of found.values()) {
      this.#segments.get(entry.segment)!.live++
      this.#count++
      this.#bytes += entry.sizeBytes
      this.#waiting.push(entry)
    }
    this.#waiting.sort((a, b) => a.sequence - b.sequence)
    // Always goes on in a new segment: the end of the last one may be torn, and stays as it is.
    if (found.size === 0) await this.#removeAll()
  }

  async #removeAll(): Promise<void> {
    for (const number of this.#segments.keys()) await this.#options.fileSystem.removeFile(this.#path(number))
    this.#segments.clear()
  }

  #path(segment: number): string {
    return join(this.#options.directory, `${String(segment).padStart(8, '0')}.queue`)
  }

  #report(message: string, cause: unknown): void {
    this.#options.onProblem({ kind: 'write', message, cause })
  }

  #problem(kind: QueueProblem['kind'], message: string): void {
    this.#options.onProblem({ kind, message })
  }
}

function segmentNumber(name: string): number | undefined {
  return /^\d{8}\.queue$/.test(name) ? Number(name.slice(0, 8)) : undefined
}
