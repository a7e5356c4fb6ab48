import type { LogBatch } from '../log/batch.ts'
import { formatStreamLabels } from '../log/stream-labels.ts'
import { labelsFromPairs } from '../labels.ts'
import type { Label } from '../labels.ts'

/** A JSON push body that cannot be read; the message names the place and the offset in the text. */
export class LokiPushJsonError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LokiPushJsonError'
  }
}

const MAX_DEPTH = 32
const NANOS_PER_SECOND = 1_000_000_000n

/**
 * Reads `{"streams":[{"stream":{…},"values":[["<ns>","<line>",{metadata}?],…]}]}` into a batch.
 * A stream label whose value is not a string takes the value's JSON text, as upstream does.
 * @throws LokiPushJsonError
 */
export function lokiPushFromJson(text: string, batch: LogBatch): void {
  const cursor = new JsonCursor(text)
  cursor.object((key) => {
    if (key !== 'streams') return cursor.skip(0)
    cursor.array(() => readStream(cursor, batch))
  })
  cursor.end()
}

function readStream(cursor: JsonCursor, batch: LogBatch): void {
  const stream = batch.addStream('{}')
  cursor.object((key) => {
    if (key === 'stream') {
      const pairs: Label[] = []
      cursor.object((name) => pairs.push([name, cursor.stringOrRaw()]))
      batch.streams[stream] = formatStreamLabels(labelsFromPairs(pairs))
    } else if (key === 'values') cursor.array(() => readEntry(cursor, batch, stream))
    else cursor.skip(0)
  })
}

function readEntry(cursor: JsonCursor, batch: LogBatch, stream: number): void {
  let position = 0
  let seconds = 0
  let nanos = 0
  cursor.array(() => {
    if (position === 0) {
      const time = cursor.string('timestamp')
      if (!/^-?[0-9]{1,19}$/.test(time)) return cursor.fail(`timestamp "${time}" is not nanoseconds since 1970`)
      const ns = BigInt(time)
      if (ns < 0n || ns >= 0x100000000n * NANOS_PER_SECOND) return cursor.fail(`timestamp ${time} is out of range`)
      seconds = Number(ns / NANOS_PER_SECOND)
      nanos = Number(ns % NANOS_PER_SECOND)
    } else if (position === 1) batch.addTextEntry(stream, seconds, nanos, cursor.string('log line'))
    else if (position === 2) cursor.object((name) => batch.addMetadata(name, cursor.string(`value of "${name}"`)))
    else cursor.fail('a value has more than three elements')
    position++
  })
  if (position < 2) cursor.fail('a value needs a timestamp and a line')
}

/** A forward-only reader of JSON text: no tree is built, and strings without escapes are slices. */
class JsonCursor {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  fail(message: string): never {
    throw new LokiPushJsonError(`${message} (at offset ${this.#at})`)
  }

  object(visit: (key: string) => void): void {
    this.#enter('{', 'an object')
    if (!this.#take('}')) {
      do {
        const key = this.string('object key')
        if (!this.#take(':')) this.fail(`expected ':'`)
        visit(key)
      } while (this.#take(','))
      if (!this.#take('}')) this.fail(`expected ',' or '}'`)
    }
    this.#depth--
  }

  array(visit: () => void): void {
    this.#enter('[', 'an array')
    if (!this.#take(']')) {
      do visit()
      while (this.#take(','))
      if (!this.#take(']')) this.fail(`expected ',' or ']'`)
    }
    this.#depth--
  }

  string(what: string): string {
    this.#space()
    const text = this.#text
    if (text.charCodeAt(this.#at) !== 34) this.fail(`expected a string for ${what}`)
    const start = this.#at + 1
    let end = text.indexOf('"', start)
    if (end < 0) this.fail('string is not terminated')
    const slice = text.slice(start, end)
    // oxlint-disable-next-line no-control-regex -- JSON forbids raw control characters in strings
    if (!slice.includes('\\') && !/[\u0000-\u001f]/.test(slice)) {
      this.#at = end + 1
      return slice
    }
    while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
    if (end < 0) this.fail('string is not terminated')
    let value: unknown
    try {
      value = JSON.parse(text.slice(start - 1, end + 1))
    } catch (cause) {
      throw new LokiPushJsonError(`invalid string (at offset ${start - 1}): ${String(cause)}`)
    }
    this.#at = end + 1
    return String(value)
  }

  stringOrRaw(): string {
    this.#space()
    if (this.#text.charCodeAt(this.#at) === 34) return this.string('label value')
    const start = this.#at
    this.skip(0)
    return this.#text.slice(start, this.#at)
  }

  /** Moves past any value. */
  skip(depth: number): void {
    if (depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH} levels`)
    this.#space()
    const character = this.#text[this.#at]
    if (character === '"') this.string('value')
    else if (character === '{') this.object(() => this.skip(depth + 1))
    else if (character === '[') this.array(() => this.skip(depth + 1))
    else {
      SCALAR.lastIndex = this.#at
      const match = SCALAR.exec(this.#text)
      if (!match) return this.fail('expected a value')
      this.#at += match[0].length
    }
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) this.fail('text after the end of the document')
  }

  #enter(bracket: string, what: string): void {
    if (!this.#take(bracket)) this.fail(`expected ${what}`)
    if (++this.#depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH} levels`)
  }

  #take(character: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.#at++
    }
  }
}

const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

function isEscaped(text: string, quote: number): boolean {
  let slashes = 0
  for (let index = quote - 1; text.charCodeAt(index) === 92; index--) slashes++
  return slashes % 2 === 1
}
