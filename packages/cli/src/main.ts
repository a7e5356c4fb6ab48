#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Before anything else is loaded: with it, a second start costs half.
const cacheDirectory = fileURLToPath(new URL('../../../node_modules/.cache/quartet', import.meta.url))
enableCompileCache(cacheDirectory)

const { run } = await import('./run.ts')
process.exit(await run({ args: process.argv.slice(2), cacheDirectory }))
