import { ensureInstalled } from './bootstrap/install.mjs'
import { main } from './bootstrap/main.mjs'
import { join } from 'node:path'
import { ROOT } from './bootstrap/paths.mjs'
import { becomeNode } from './bootstrap/run-node.mjs'

/** `npm run demo`: the shop sends traces, metrics and logs to a running Quartet for a minute, or for `--seconds N`. */
await main(async () => {
  await ensureInstalled()
  const args = process.argv.slice(2)
  const seconds = args.some((arg) => arg === '--seconds' || arg.startsWith('--seconds=')) ? [] : ['--seconds', '60']
  await becomeNode([join(ROOT, 'examples/shop/src/main.ts'), ...seconds, ...args])
})
