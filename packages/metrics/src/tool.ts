/** What the command line does with metrics without a running system; loaded when it is wanted. */
export { exportFrom, importInto } from './storage/upstream/data-directory.ts'
export { UpstreamFormatError } from './storage/upstream/format-error.ts'
export { ImportConflictError } from './storage/upstream/import.ts'
export { parseSelector } from './query/syntax/parser.ts'
export { ParseError } from './query/syntax/parse-error.ts'
