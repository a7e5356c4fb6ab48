import type { Clock } from '@quartet/runtime'

const LINE_MS = 200
const LOG_MS = 5_000
const WIDTH = 100

/** Tells how far something is: on a terminal in one line that changes, elsewhere in a line every few seconds. */
export class Progress {
  readonly #options: { readonly clock: Clock; readonly isTerminal: boolean; readonly write: (text: string) => void }
  #what = ''
  #totalBytes = 0
  #totalFiles = 0
  #bytes = 0
  #files = 0
  #startedMs = 0
  #shownMs = 0
  #hasLine = false

  constructor(options: { clock: Clock; isTerminal: boolean; write: (text: string) => void }) {
    this.#options = options
  }

  begin(what: string, totals: { readonly files: number; readonly bytes: number }): void {
    this.#what = what
    this.#totalBytes = totals.bytes
    this.#totalFiles = totals.files
    this.#bytes = 0
    this.#files = 0
    this.#startedMs = this.#options.clock.monotonicMs()
    this.#shownMs = this.#startedMs
  }

  bytes(count: number): void {
    this.#bytes += count
    this.#show()
  }

  file(): void {
    this.#files++
    this.#show()
  }

  /** Leaves the terminal's line clean for what is printed next. */
  end(): void {
    if (!this.#hasLine) return
    this.#hasLine = false
    this.#options.write(`\r${' '.repeat(WIDTH)}\r`)
  }

  #show(): void {
    const { clock, isTerminal, write } = this.#options
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#shownMs < (isTerminal ? LINE_MS : LOG_MS)) return
    this.#shownMs = nowMs
    const rate = this.#bytes / Math.max(0.001, (nowMs - this.#startedMs) / 1000)
    const percent = this.#totalBytes > 0 ? Math.floor((100 * this.#bytes) / this.#totalBytes) : 100
    const done = `${formatBytes(this.#bytes)} of ${formatBytes(this.#totalBytes)} (${percent} %)`
    const text = `${this.#what}: ${done}, ${this.#files} of ${this.#totalFiles} files, ${formatBytes(rate)}/s`
    this.#hasLine = isTerminal
    write(isTerminal ? `\r${text.slice(0, WIDTH).padEnd(WIDTH)}` : `${text}\n`)
  }
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}
