export * from '../../src/promtool/series-notation.ts'
