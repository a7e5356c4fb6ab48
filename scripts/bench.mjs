import { ensureInstalled } from './bootstrap/install.mjs'
import { main } from './bootstrap/main.mjs'
import { join } from 'node:path'
import { ROOT } from './bootstrap/paths.mjs'
import { becomeNode } from './bootstrap/run-node.mjs'

/** `npm run bench -- <workload>`. */
await main(async () => {
  await ensureInstalled()
  await becomeNode([join(ROOT, 'bench/src/main.ts'), ...process.argv.slice(2)])
})
