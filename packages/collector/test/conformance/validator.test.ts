import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSelfMetrics, silentLogger, systemClock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import { COMPONENTS } from '../../src/components/registry.ts'
import { UPSTREAM_BLOCKS, UPSTREAM_COMPONENTS } from '../../src/components/upstream-names.ts'
import { checkServiceBlock, LeveledLogger, SERVICE_BLOCKS } from '../../src/components/service-blocks.ts'
import { Controller } from '../../src/graph/index.ts'
import { standardLibrary } from '../../src/syntax/index.ts'
import { corpusExists, corpusFiles, corpusText, Tally } from './corpus.ts'

const DIRECTORY = 'grafana__alloy/internal/validator/testdata'

/** The messages with their places; the order and the excerpts of upstream's print-out are not compared. */
test('what alloy validate reports', { skip: !corpusExists() }, () => {
  const tally = new Tally('internal/validator/testdata')
  for (const path of corpusFiles(DIRECTORY, '.txtar')) {
    tally.run(path.slice(DIRECTORY.length + 1), () => {
      const expected = [...corpusText(path.replace('.txtar', '.diags')).matchAll(/^(Error|Warning): (.*)$/gm)]
      const stability = path.includes('/ga/') ? 'generally-available' : 'experimental'
      const found = [...corpusText(path).matchAll(/^-- (\S+) --\n([^]*?)(?=^-- |$(?![^]))/gm)].flatMap(
        ([, name, text]) => check(name, text, stability),
      )
      assert.deepEqual(found.sort(), expected.map(([, severity, message]) => `${severity}: ${message}`).sort())
    })
  }
  tally.finish()
})

function check(name: string, text: string, stability: 'generally-available' | 'experimental'): string[] {
  const library = standardLibrary({})
  const logger = new LeveledLogger(silentLogger)
  const controller = new Controller({
    registry: COMPONENTS,
    upstreamNames: UPSTREAM_COMPONENTS,
    upstreamBlocks: UPSTREAM_BLOCKS,
    services: SERVICE_BLOCKS,
    stability,
    library,
    logger,
    nowMs: () => 0,
    checkService: (block, diagnostics) => checkServiceBlock(block, library, logger, diagnostics),
    contextFor: () => ({
      dataDirectory: '/nowhere',
      fileSystem: nodeFileSystem,
      clock: systemClock,
      logger,
      metrics: createSelfMetrics({ clock: systemClock }),
      selfAddress: '127.0.0.1:0',
    }),
  })
  return controller
    .check(name, text)
    .map(
      ({ severity, line, column, message }) =>
        `${severity === 'error' ? 'Error' : 'Warning'}: ${name}:${line}:${column}: ${message}`,
    )
}
