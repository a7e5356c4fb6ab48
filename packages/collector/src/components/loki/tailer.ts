import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Position } from './positions.ts'

export interface TailerOptions {
  readonly path: string
  readonly position: Position | undefined
  /** Without a position, begin at the end. */
  readonly fromEnd: boolean
  /** Takes complete lines without their line breaks; the position moves on when it resolves. */
  readonly push: (lines: readonly string[]) => Promise<void>
  readonly onPosition: (offset: number, inode: number) => void
  readonly onEvent: (event: 'opened' | 'rotated' | 'truncated' | 'gone' | 'split') => void
}

const CHUNK_BYTES = 256 * 1024
/** A line that is longer is cut into several. */
const MAX_LINE_BYTES = 1024 * 1024
const NEWLINE = 10
const CARRIAGE_RETURN = 13

/**
 * Follows one file through growing, truncation and rotation by name. Call {@link poll} now and then: each call reads what is new.
 * Bytes of a line that is not complete yet are read again later, so the position always stands at the start of a line.
 */
export class Tailer {
  readonly #options: TailerOptions
  #file: FileHandle | undefined
  #inode = 0
  #offset = 0
  #isFirst = true
  #polling: Promise<void> | undefined

  constructor(options: TailerOptions) {
    this.#options = options
  }

  get offset(): number {
    return this.#offset
  }

  /** Does nothing while an earlier call is at work. @throws what reading or pushing throws; the next call tries again */
  poll(): Promise<void> {
    this.#polling ??= this.#pollOnce().finally(() => (this.#polling = undefined))
    return this.#polling
  }

  async close(): Promise<void> {
    await this.#polling?.catch(() => undefined) // told to whoever polled
    await this.#file?.close()
    this.#file = undefined
  }

  async #pollOnce(): Promise<void> {
    if (!this.#file && !(await this.#open())) return
    await this.#readNew(this.#file!)
    const now = await statOrNothing(this.#options.path)
    if (now?.ino === this.#inode) return
    // The name belongs to another file, or to none. What was written before the change of names is still read.
    await this.#readNew(this.#file!)
    await this.#readRest(this.#file!)
    await this.#file!.close()
    this.#file = undefined
    this.#options.onEvent(now ? 'rotated' : 'gone')
    if (now && (await this.#open())) await this.#readNew(this.#file!)
  }

  async #open(): Promise<boolean> {
    let file: FileHandle
    try {
      file = await open(this.#options.path, 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.#nothingThere()
      throw error
    }
    const { ino, size } = await file.stat()
    this.#file = file
    this.#inode = ino
    this.#offset = this.#startOffset(ino, size)
    this.#isFirst = false
    this.#options.onPosition(this.#offset, ino)
    this.#options.onEvent('opened')
    return true
  }

  #nothingThere(): boolean {
    // A file that appears later is new: it is read from its start.
    this.#isFirst = false
    return false
  }

  #startOffset(inode: number, size: number): number {
    const { position, fromEnd } = this.#options
    if (!this.#isFirst) return 0
    if (!position) return fromEnd ? size : 0
    const isSame = position.inode === 0 || position.inode === inode
    return isSame && position.offset <= size ? position.offset : 0
  }

  async #readNew(file: FileHandle): Promise<void> {
    const { size } = await file.stat()
    if (size < this.#offset) {
      this.#offset = 0
      this.#options.onPosition(0, this.#inode)
      this.#options.onEvent('truncated')
    }
    let chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, size - this.#offset)))
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#offset)
      if (bytesRead === 0) return
      const bytes = chunk.subarray(0, bytesRead)
      const end = bytes.lastIndexOf(NEWLINE) + 1
      if (end > 0) await this.#emit(bytes.subarray(0, end - 1), end)
      else if (bytesRead >= MAX_LINE_BYTES) {
        this.#options.onEvent('split')
        await this.#emit(bytes, bytesRead)
      } else if (bytesRead === chunk.length && bytesRead < size - this.#offset)
        chunk = Buffer.allocUnsafe(Math.min(MAX_LINE_BYTES, chunk.length * 2))
      else return
    }
  }

  /** The last line of a file that is finished may lack its line break. */
  async #readRest(file: FileHandle): Promise<void> {
    const chunk = Buffer.allocUnsafe(MAX_LINE_BYTES)
    const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#offset)
    if (bytesRead > 0) await this.#emit(chunk.subarray(0, bytesRead), bytesRead)
  }

  async #emit(text: Uint8Array, consumed: number): Promise<void> {
    await this.#options.push(splitLines(text))
    this.#offset += consumed
    this.#options.onPosition(this.#offset, this.#inode)
  }
}

function splitLines(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const lines: string[] = []
  for (let start = 0; start <= buffer.length;) {
    const found = buffer.indexOf(NEWLINE, start)
    const next = found < 0 ? buffer.length : found
    const end = next > start && buffer[next - 1] === CARRIAGE_RETURN ? next - 1 : next
    lines.push(buffer.toString('utf8', start, end))
    start = next + 1
  }
  return lines
}

async function statOrNothing(path: string): Promise<{ ino: number } | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
