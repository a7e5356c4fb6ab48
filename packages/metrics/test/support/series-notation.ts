export * from '../../src/api/promtool/series-notation.ts'
