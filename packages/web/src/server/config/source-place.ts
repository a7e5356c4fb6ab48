/**
 * Where an offset lies, both counted from 1. Not `@quartet/query`'s SourceText: its front door brings regex and template engines
 * along, which this thread would keep in memory for the sake of two numbers.
 */
export function lineColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}
