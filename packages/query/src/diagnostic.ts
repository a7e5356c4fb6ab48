/** A half-open range of UTF-16 offsets into one source text. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly range: TextRange
}

export interface LineColumn {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
}

/** A named text that can say where an offset is. */
export class SourceText {
  readonly name: string
  readonly text: string
  #lineStarts: number[] | undefined

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
  }

  lineColumn(offset: number): LineColumn {
    const starts = (this.#lineStarts ??= lineStarts(this.text))
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle] <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low] + 1 }
  }

  /** `file:line:col: severity: message`, the form every Quartet configuration error has. */
  format(diagnostic: Diagnostic): string {
    const { line, column } = this.lineColumn(diagnostic.range.start)
    return `${this.name}:${line}:${column}: ${diagnostic.severity}: ${diagnostic.message}`
  }
}

/** Offset in UTF-8 bytes of a UTF-16 offset, for upstreams that report bytes. */
export function byteOffset(text: string, offset: number): number {
  return Buffer.byteLength(text.slice(0, offset))
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) starts.push(index + 1)
  return starts
}
