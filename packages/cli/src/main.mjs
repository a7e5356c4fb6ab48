#!/usr/bin/env node
import './early-signals.mjs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// Older ones know neither TypeScript nor the cache, and would only say that an import is missing.
if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(
    `Quartet runs on Node 24 and this is ${process.versions.node}; "npm start" in its directory uses the one that it brings along\n`,
  )
  process.exit(1)
}

// As in worker-entry.mjs: the cache first, so that a second start costs half and no type stripper is loaded.
const cacheDirectory = fileURLToPath(new URL('../../../node_modules/.cache/quartet', import.meta.url))
module.enableCompileCache(cacheDirectory)

const { run } = await import('./run.ts')
process.exit(await run({ args: process.argv.slice(2), cacheDirectory }))
