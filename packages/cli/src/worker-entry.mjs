import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

// Plain JavaScript, and the cache before anything else: a thread that has to strip types even once loads the stripper, which is
// 12 MB of Wasm per thread that nobody gets back.
enableCompileCache(workerData.cacheDirectory)
const { runWorker } = await import('./worker.ts')
runWorker(parentPort)
