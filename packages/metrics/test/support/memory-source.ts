export * from '../../src/api/promtool/memory-source.ts'
