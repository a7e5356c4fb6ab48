import { enableCompileCache, flushCompileCache } from 'node:module'

// Run by warm-cache.mjs with the files to load as JSON on the command line.
const [cacheDirectory = '', list = '[]'] = process.argv.slice(2)
enableCompileCache(cacheDirectory)
for (const url of JSON.parse(list)) await import(url)
flushCompileCache()
process.exit(0)
