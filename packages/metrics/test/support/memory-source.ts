export * from '../../src/promtool/memory-source.ts'
