import { byteOffset } from '@quartet/query'
import type { TextRange } from '@quartet/query'

export interface ParseProblem {
  readonly message: string
  /** UTF-16 offsets into the query. */
  readonly range: TextRange
}

/** A query that cannot be parsed. The message is upstream's for the first problem: `1:5: parse error: unexpected end of input`. */
export class ParseError extends Error {
  readonly problems: readonly ParseProblem[]
  constructor(query: string, problems: readonly ParseProblem[]) {
    super(`${positionOf(query, problems[0].range.start)}: parse error: ${problems[0].message}`)
    this.name = 'ParseError'
    this.problems = problems
  }
}

/** Line and column from 1, columns in bytes, as upstream prints them. */
export function positionOf(query: string, offset: number): string {
  const before = query.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  return `${line}:${byteOffset(before.slice(lineStart), offset - lineStart) + 1}`
}
