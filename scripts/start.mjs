import { ensureWebBuilt, servesPage } from './bootstrap/build-web.mjs'
import { ensureInstalled } from './bootstrap/install.mjs'
import { main } from './bootstrap/main.mjs'
import { join } from 'node:path'
import { ROOT } from './bootstrap/paths.mjs'
import { becomeNode } from './bootstrap/run-node.mjs'
import { ensureCacheWarm } from './bootstrap/warm-cache.mjs'

/** `npm start`: installs and builds what is missing or stale, then runs everything. Arguments go to `quartet`. */
await main(async () => {
  await ensureInstalled()
  const args = process.argv.slice(2)
  if (servesPage(args)) await ensureWebBuilt()
  await ensureCacheWarm()
  const isCommand = /^(up|serve|check|amtool|backup|restore|verify|version|help)$/.test(args[0] ?? '')
  await becomeNode([join(ROOT, 'packages/cli/src/main.mjs'), ...(isCommand ? [] : ['up']), ...args])
})
