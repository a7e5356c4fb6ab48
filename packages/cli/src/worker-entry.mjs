import { enableCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'

// Plain JavaScript, and the cache before anything else: a thread that has to strip types even once loads the stripper, which is
// 12 MB of Wasm per thread that nobody gets back.
enableCompileCache(workerData.cacheDirectory)
await import('./worker.ts')
