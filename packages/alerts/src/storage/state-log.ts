import { Wal } from '@quartet/storage'
import type { FileSystem, WalProblem } from '@quartet/storage'

export interface StateLogOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly every: (ms: number, action: () => void) => { cancel(): void }
  readonly onProblem: (problem: WalProblem) => void
}

/** Rewriting is worth it from this size on, when most of the log is history. */
const REWRITE_BYTES = 1 << 20

/**
 * A small keyed state that survives `kill -9`: every change is one JSON record in a write-ahead log, the last record of a key
 * counts; layout in docs/format/state.md. {@link rewrite} replaces history by the present.
 */
export class StateLog<T> {
  readonly #wal: Wal

  /** @param visit gets every record in the order of writing */
  static async open<T>(options: StateLogOptions, visit: (value: T) => void): Promise<StateLog<T>> {
    const wal = await Wal.open({ ...options, segmentBytes: 16 << 20 })
    const damaged: unknown[] = []
    await wal.replay((record) => {
      try {
        visit(JSON.parse(Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString('utf8')) as T)
      } catch (error) {
        damaged.push(error)
      }
    })
    if (damaged.length > 0) {
      options.onProblem({
        kind: 'corrupt',
        segment: wal.segment,
        offset: 0,
        message: `skipped ${damaged.length} records that are not state`,
        cause: damaged[0],
      })
    }
    return new StateLog<T>(wal)
  }

  private constructor(wal: Wal) {
    this.#wal = wal
  }

  /** Resolves when the kernel has the record. @throws WalError */
  write(value: T): Promise<void> {
    return this.#wal.append(Buffer.from(JSON.stringify(value)))
  }

  get sizeBytes(): number {
    return this.#wal.sizeBytes
  }

  /** Writes what is alive into a new segment and drops the older ones; does nothing while the log is small. */
  async rewrite(alive: () => Iterable<T>): Promise<void> {
    if (this.#wal.sizeBytes < REWRITE_BYTES) return
    const segment = await this.#wal.cut()
    const written: Promise<void>[] = []
    for (const value of alive()) written.push(this.write(value))
    await Promise.all(written)
    await this.#wal.sync()
    await this.#wal.removeBefore(segment)
  }

  close(): Promise<void> {
    return this.#wal.close()
  }
}
