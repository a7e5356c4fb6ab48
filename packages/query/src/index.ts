export { byteOffset, hasErrors, SourceText } from './diagnostic.ts'
export type { Diagnostic, LineColumn, TextRange } from './diagnostic.ts'
