#!/usr/bin/env node
import './early-signals.mjs'
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// As in worker-entry.mjs: the cache first, so that a second start costs half and no type stripper is loaded.
const cacheDirectory = fileURLToPath(new URL('../../../node_modules/.cache/quartet', import.meta.url))
enableCompileCache(cacheDirectory)

const { run } = await import('./run.ts')
process.exit(await run({ args: process.argv.slice(2), cacheDirectory }))
