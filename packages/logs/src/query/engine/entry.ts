import { compareText } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import type { LogStream } from '../source.ts'

export const ERROR_LABEL = '__error__'
export const ERROR_DETAILS_LABEL = '__error_details__'
/** Makes a failed entry pass without an error message in metric queries; upstream's name. */
export const PRESERVE_ERROR_LABEL = '__preserve_error__'
const EXTRACTED_SUFFIX = '_extracted'

export type LabelCategory = 'metadata' | 'parsed'

/**
 * The log line on its way through the pipeline: its text, and its labels as changes to those of its stream.
 * One object serves all lines of a query; {@link begin} starts over.
 */
export class Entry {
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0
  #end = 0
  #text: string | undefined
  #base: ReadonlyMap<string, string> = new Map()
  #stream: LogStream | undefined
  /** Changes: labels added or overridden, and stream labels removed. */
  readonly #added = new Map<string, { value: string; category: LabelCategory }>()
  readonly #removed = new Set<string>()
  seconds = 0
  nanos = 0
  error = ''
  errorDetails = ''
  /** Names that the current parser stage has set: the first value of a repeated key wins. */
  readonly extracted = new Set<string>()

  begin(stream: LogStream, base: ReadonlyMap<string, string>): void {
    this.#stream = stream
    this.#base = base
    if (this.#added.size > 0) this.#added.clear()
    if (this.#removed.size > 0) this.#removed.clear()
    this.error = ''
    this.errorDetails = ''
  }

  setBytes(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#text = undefined
  }

  get line(): string {
    return (this.#text ??= this.#bytes.toString('utf8', this.#start, this.#end))
  }

  set line(text: string) {
    this.#text = text
    this.#end = -1
  }

  get lineBytes(): number {
    return this.#end < 0 ? Buffer.byteLength(this.#text ?? '') : this.#end - this.#start
  }

  get timeNs(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanos)
  }

  addMetadata(pairs: readonly Label[]): void {
    for (const [name, value] of pairs) if (value !== '') this.#added.set(name, { value, category: 'metadata' })
  }

  fail(error: string, details = ''): void {
    this.error = error
    this.errorDetails = details
  }

  /** A label's value, '' when it is absent. */
  get(name: string): string {
    if (name === ERROR_LABEL) return this.error
    if (name === ERROR_DETAILS_LABEL) return this.errorDetails
    return this.#added.get(name)?.value ?? (this.#removed.has(name) ? '' : (this.#base.get(name) ?? ''))
  }

  has(name: string): boolean {
    return this.#added.has(name) || (!this.#removed.has(name) && this.#base.has(name))
  }

  set(name: string, value: string): void {
    if (name === ERROR_LABEL) this.error = value
    else if (name === ERROR_DETAILS_LABEL) this.errorDetails = value
    else this.#added.set(name, { value, category: 'parsed' })
  }

  /** The name that a value extracted from the line goes under: stream labels are never overwritten. */
  extractedName(name: string): string {
    return this.#base.has(name) ? name + EXTRACTED_SUFFIX : name
  }

  /** Sets a value that a parser found, unless this stage has set it before. */
  extract(name: string, value: string): void {
    const target = this.extractedName(name)
    if (this.extracted.has(target)) return
    this.extracted.add(target)
    this.set(target, value)
  }

  remove(name: string): void {
    if (name === ERROR_LABEL) {
      this.error = ''
      return
    }
    if (name === ERROR_DETAILS_LABEL) {
      this.errorDetails = ''
      return
    }
    this.#added.delete(name)
    if (this.#base.has(name)) this.#removed.add(name)
  }

  keepOnly(keeps: (name: string, value: string) => boolean): void {
    for (const [name, value] of this.labels()) if (!keeps(name, value)) this.remove(name)
  }

  get isUnchanged(): boolean {
    return this.#added.size === 0 && this.#removed.size === 0 && this.error === ''
  }

  /** The resulting label set. */
  labels(): Labels {
    if (this.isUnchanged && this.#stream) return this.#stream.labels
    const pairs: Label[] = []
    for (const [name, value] of this.#base)
      if (!this.#added.has(name) && !this.#removed.has(name)) pairs.push([name, value])
    for (const [name, { value }] of this.#added) pairs.push([name, value])
    if (this.error !== '') {
      pairs.push([ERROR_LABEL, this.error])
      if (this.errorDetails !== '') pairs.push([ERROR_DETAILS_LABEL, this.errorDetails])
    }
    return pairs.sort((a, b) => compareText(a[0], b[0]))
  }

  /** The labels of one category, sorted, without those of the others. */
  categorized(category: LabelCategory): Labels {
    const pairs: Label[] = []
    for (const [name, entry] of this.#added) if (entry.category === category) pairs.push([name, entry.value])
    if (category === 'parsed' && this.error !== '') {
      pairs.push([ERROR_LABEL, this.error])
      if (this.errorDetails !== '') pairs.push([ERROR_DETAILS_LABEL, this.errorDetails])
    }
    return pairs.sort((a, b) => compareText(a[0], b[0]))
  }

  /** Stream labels that are left. */
  streamLabels(): Labels {
    if (this.#removed.size === 0 && this.#stream && ![...this.#added.keys()].some((name) => this.#base.has(name)))
      return this.#stream.labels
    return [...this.#base].filter(([name]) => !this.#removed.has(name) && !this.#added.has(name))
  }
}
