import { join } from 'node:path'
import type { FileHandle, FileSystem } from './file-system.ts'
import { FRAME_BYTES, HEADER_BYTES, readSegment, SEGMENT_HEADER, writeFrameHeader } from './wal-segment.ts'

/** Something that was found or repaired. `offset` is a byte in the segment's file. */
export interface WalProblem {
  readonly kind: 'torn' | 'corrupt' | 'gap' | 'write' | 'sync'
  readonly segment: number
  readonly offset: number
  readonly message: string
  readonly cause?: unknown
}

export interface WalOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  /** A new segment begins when the current one would outgrow this. Default 128 MiB, as upstream's. */
  readonly segmentBytes?: number
  /** `interval` (default): acknowledged when the kernel has it. `always`: acknowledged after fdatasync. */
  readonly sync?: 'interval' | 'always'
  /** Default 1000 ms. */
  readonly syncIntervalMs?: number
  /** Runs `f` every `ms`; default an unreferenced `setInterval`. Give the clock's. */
  readonly every?: (ms: number, f: () => void) => { cancel(): void }
  readonly onProblem: (problem: WalProblem) => void
}

export interface ReplayReport {
  readonly records: number
  readonly bytes: number
  readonly segments: number
  /** Bytes that were cut off or skipped because they were torn or corrupt. */
  readonly lostBytes: number
}

/** Why the WAL refuses records for now: the disk failed or is full. It works again by itself once the disk does. */
export class WalError extends Error {
  override name = 'WalError'
}

const MAX_RECORD_BYTES = 1 << 29
const KEEP_BUFFER_BYTES = 4 << 20

/**
 * A write-ahead log: numbered segments of framed, checksummed records; layout in docs/format/wal.md.
 *
 * Appends that arrive while the disk is busy are written together (group commit). A record is copied on `append`, so
 * that the caller may reuse its buffer at once.
 */
export class Wal {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #syncAlways: boolean
  readonly #onProblem: (problem: WalProblem) => void
  readonly #timer: { cancel(): void }
  /** Sizes of all segments by number, ascending. */
  readonly #sizes = new Map<number, number>()
  readonly #queue: Task[] = []
  #spare: Uint8Array<ArrayBuffer> | undefined
  #isWorking = false
  #file: FileHandle | undefined
  #segment = -1
  #isReplayed = false
  #isClosed = false
  #isDirty = false
  /** After a failure that may have damaged the current segment, writing goes on in a new one, which must pass an fsync. */
  #isSuspect = false

  static async open(options: WalOptions): Promise<Wal> {
    await options.fileSystem.makeDirectory(options.directory)
    const wal = new Wal(options)
    for (const name of await options.fileSystem.list(options.directory)) {
      const number = segmentNumber(name)
      if (number === undefined) continue
      const stat = await options.fileSystem.stat(join(options.directory, name))
      wal.#sizes.set(number, stat?.sizeBytes ?? 0)
      wal.#segment = Math.max(wal.#segment, number)
    }
    return wal
  }

  private constructor(options: WalOptions) {
    this.#fileSystem = options.fileSystem
    this.#directory = options.directory
    this.#segmentBytes = options.segmentBytes ?? 128 << 20
    this.#syncAlways = options.sync === 'always'
    this.#onProblem = options.onProblem
    this.#timer = this.#syncAlways
      ? { cancel() {} }
      : (options.every ?? everyUnreferenced)(options.syncIntervalMs ?? 1000, () => this.#syncSoon())
  }

  /** Bytes in all segments. */
  get sizeBytes(): number {
    let sum = 0
    for (const size of this.#sizes.values()) sum += size
    return sum
  }

  /** Number of the segment that is written to; -1 before the first record. */
  get segment(): number {
    return this.#segment
  }

  /**
   * Hands every record to `visit` in the order of appending. Must be called once, before the first append. `record` is a view,
   * valid during the call. A torn end of the last segment is cut off; damage elsewhere is skipped up to the next intact record.
   */
  async replay(visit: (record: Uint8Array) => void): Promise<ReplayReport> {
    if (this.#isReplayed) throw new Error('the WAL has been replayed already')
    const report = { records: 0, bytes: 0, segments: this.#sizes.size, lostBytes: 0 }
    const segments = [...this.#sizes.keys()]
    for (const [index, segment] of segments.entries()) {
      if (index > 0 && segment !== segments[index - 1] + 1) {
        this.#problem('gap', segment, 0, `segments ${segments[index - 1] + 1} to ${segment - 1} are missing`)
      }
      const found = await readSegment(this.#fileSystem, this.#path(segment), segment, visit, (offset, message) =>
        this.#problem('corrupt', segment, offset, message),
      )
      report.records += found.records
      report.bytes += found.recordBytes
      report.lostBytes += found.skippedBytes
      if (found.end < found.size) {
        report.lostBytes += found.size - found.end
        const message = `cut off ${found.size - found.end} bytes that are not an intact record`
        this.#problem('torn', segment, found.end, message)
      }
      if (index === segments.length - 1) await this.#continueSegment(segment, found.end, found.size, found.isWritable)
    }
    this.#isReplayed = true
    return report
  }

  /**
   * Resolves when the record is in the kernel (with `always`: on the disk).
   * @throws WalError when it could not be written; nothing of it will be replayed unless the disk also refused to undo it
   */
  append(record: Uint8Array): Promise<void> {
    if (!this.#isReplayed) return Promise.reject(new Error('replay the WAL before appending to it'))
    if (this.#isClosed) return Promise.reject(new WalError('the WAL is closed'))
    if (record.length === 0 || record.length > MAX_RECORD_BYTES) {
      return Promise.reject(
        new RangeError(`a WAL record has 1 to ${MAX_RECORD_BYTES} bytes, this one ${record.length}`),
      )
    }
    let task = this.#queue.at(-1)
    if (task?.kind !== 'write') {
      task = new WriteTask(this.#spare)
      this.#spare = undefined
      this.#queue.push(task)
    }
    task.add(record)
    this.#work()
    return task.done
  }

  /** Begins a new segment for everything appended after this call and returns its number. */
  cut(): Promise<number> {
    return this.#enqueue(async () => {
      await this.#beginSegment()
      return this.#segment
    })
  }

  /** Removes the segments with smaller numbers; never the current one. */
  removeBefore(segment: number): Promise<void> {
    return this.#enqueue(async () => {
      const gone = [...this.#sizes.keys()].filter((number) => number < segment && number !== this.#segment)
      for (const number of gone) {
        await this.#fileSystem.removeFile(this.#path(number))
        this.#sizes.delete(number)
      }
      if (gone.length > 0) await this.#fileSystem.syncDirectory(this.#directory)
    })
  }

  /** Makes everything appended so far durable. */
  sync(): Promise<void> {
    return this.#enqueue(() => this.#sync())
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#timer.cancel()
    const synced = this.#enqueue(() => this.#sync())
    this.#isClosed = true
    try {
      await synced
    } finally {
      await this.#file?.close()
      this.#file = undefined
    }
  }

  #enqueue<T>(run: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new WalError('the WAL is closed'))
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ kind: 'run', run: () => run().then(resolve, reject) })
      this.#work()
    })
  }

  #work(): void {
    if (this.#isWorking) return
    this.#isWorking = true
    // Appends made in the same turn of the event loop share one write.
    queueMicrotask(() => void this.#drain())
  }

  async #drain(): Promise<void> {
    for (let task = this.#queue.shift(); task; task = this.#queue.shift()) {
      if (task.kind === 'run') await task.run()
      else await this.#write(task)
    }
    this.#isWorking = false
  }

  async #write(task: WriteTask): Promise<void> {
    try {
      const size = this.#sizes.get(this.#segment) ?? 0
      if (!this.#file || this.#isSuspect || (size > HEADER_BYTES && size + task.length > this.#segmentBytes)) {
        await this.#beginSegment()
      }
      await this.#writeFrames(task)
      task.resolve()
    } catch (error) {
      task.reject(new WalError(`the write-ahead log cannot be written: ${messageOf(error)}`, { cause: error }))
    }
    if (task.buffer.length <= KEEP_BUFFER_BYTES) this.#spare = task.buffer
  }

  async #writeFrames(task: WriteTask): Promise<void> {
    const file = this.#file!
    const segment = this.#segment
    const before = this.#sizes.get(segment)!
    const bytes = task.framed(segment, before)
    try {
      await file.append([bytes])
      this.#sizes.set(segment, before + bytes.length)
      this.#isDirty = true
      if (this.#syncAlways) await this.#sync()
    } catch (error) {
      await this.#undo(file, segment, before, error)
      throw error
    }
  }

  /** Cuts a part of a refused batch off again. When the disk refuses that too, the segment is left as it is. */
  async #undo(file: FileHandle, segment: number, size: number, cause: unknown): Promise<void> {
    this.#problem('write', segment, size, 'refused records because the disk failed', cause)
    try {
      await file.truncate(size)
      this.#sizes.set(segment, size)
    } catch (error) {
      this.#isSuspect = true
      this.#problem('write', segment, size, 'could not cut off a partial write; going on in a new segment', error)
    }
  }

  async #beginSegment(): Promise<void> {
    if (this.#file && !this.#isSuspect) await this.#sync()
    const number = this.#segment + 1
    const path = this.#path(number)
    const file = await this.#fileSystem.open(path, 'create')
    try {
      await file.append([SEGMENT_HEADER])
      await file.sync()
      await this.#fileSystem.syncDirectory(this.#directory)
    } catch (error) {
      await file.close()
      // A stillborn segment without a record is also skipped by replay, so its removal may fail too.
      await this.#fileSystem.removeFile(path).catch((cause: unknown) => {
        this.#problem('write', number, 0, 'could not remove an unused segment', cause)
      })
      throw error
    }
    await this.#file?.close()
    this.#file = file
    this.#segment = number
    this.#sizes.set(number, HEADER_BYTES)
    this.#isSuspect = false
    this.#isDirty = false
  }

  async #sync(): Promise<void> {
    if (!this.#isDirty || !this.#file) return
    try {
      await this.#file.sync()
      this.#isDirty = false
    } catch (error) {
      // After a failed fsync the kernel may have dropped the pages and call the next fsync a success
      // (LWN "PostgreSQL's fsync() surprise", 2018): nothing more may go into this segment.
      this.#isSuspect = true
      this.#isDirty = false
      this.#problem('sync', this.#segment, 0, 'fsync failed; going on in a new segment', error)
      throw error
    }
  }

  #syncSoon(): void {
    if (!this.#isDirty || this.#isClosed) return
    this.#enqueue(() => this.#sync()).catch(() => {
      // Reported by #sync; the next append must pass an fsync before it is acknowledged.
    })
  }

  async #continueSegment(segment: number, end: number, size: number, isWritable: boolean): Promise<void> {
    if (!isWritable) return
    const file = await this.#fileSystem.open(this.#path(segment), 'append')
    try {
      if (end < size) {
        await file.truncate(end)
        await file.sync()
      }
      this.#sizes.set(segment, end)
      this.#file = file
    } catch (error) {
      await file.close()
      this.#problem('write', segment, end, 'could not cut off the torn end; going on in a new segment', error)
    }
  }

  #path(segment: number): string {
    return join(this.#directory, `${String(segment).padStart(8, '0')}.wal`)
  }

  #problem(kind: WalProblem['kind'], segment: number, offset: number, message: string, cause?: unknown): void {
    this.#onProblem({ kind, segment, offset, message, ...(cause === undefined ? {} : { cause }) })
  }
}

type Task = WriteTask | { readonly kind: 'run'; run(): Promise<unknown> }

/** Records that will be written together: frames with the headers left blank until their place is known. */
class WriteTask {
  readonly kind = 'write'
  readonly done: Promise<void>
  resolve!: () => void
  reject!: (error: Error) => void
  buffer: Uint8Array<ArrayBuffer>
  length = 0
  readonly #recordBytes: number[] = []

  constructor(buffer: Uint8Array<ArrayBuffer> = new Uint8Array(16384)) {
    this.buffer = buffer
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  add(record: Uint8Array): void {
    const needed = this.length + FRAME_BYTES + record.length
    if (needed > this.buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2))
      grown.set(this.buffer.subarray(0, this.length))
      this.buffer = grown
    }
    this.buffer.set(record, this.length + FRAME_BYTES)
    this.#recordBytes.push(record.length)
    this.length = needed
  }

  /** The bytes to write at `offset` of `segment`. */
  framed(segment: number, offset: number): Uint8Array {
    let at = 0
    for (const recordBytes of this.#recordBytes) {
      writeFrameHeader(this.buffer, at, recordBytes, segment, offset + at)
      at += FRAME_BYTES + recordBytes
    }
    return this.buffer.subarray(0, this.length)
  }
}

function segmentNumber(name: string): number | undefined {
  return /^\d{8}\.wal$/.test(name) ? Number(name.slice(0, 8)) : undefined
}

function everyUnreferenced(ms: number, f: () => void): { cancel(): void } {
  const timer = setInterval(f, ms).unref()
  return { cancel: () => clearInterval(timer) }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
