export * from '../../src/api/promtool/histogram-notation.ts'
