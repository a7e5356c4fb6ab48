export * from '../../src/promtool/histogram-notation.ts'
