/** What the command line does with metrics without a running system; loaded when it is wanted. */
export { exportFrom, importInto } from './storage/upstream/data-directory.ts'
export { UpstreamFormatError } from './storage/upstream/format-error.ts'
export { ImportConflictError } from './storage/upstream/import.ts'
export { parseSelector } from './query/syntax/parser.ts'
export { ParseError } from './query/syntax/parse-error.ts'
export { checkConfig, checkRules } from './api/promtool/check.ts'
export { dumpBlocks, listBlocks } from './api/promtool/tsdb.ts'
export { runUnitTests } from './api/promtool/unit-test-report.ts'
