import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ROOT } from './paths.mjs'
import { runNode } from './run-node.mjs'

/** Modules that do something when loaded: programs, not libraries. */
const PROGRAMS = /packages\/cli\/src\/main\.ts$|packages\/web\/src\/browser\//

/**
 * Loads every server module once when the sources have changed, so that no thread of the real start has to strip types: that would
 * cost each of them 12 MB for good. A failure is no reason not to start.
 * @param {string} [root]
 */
export async function ensureCacheWarm(root = ROOT) {
  const files = readdirSync(join(root, 'packages')).flatMap((name) => sources(join(root, 'packages', name, 'src')))
  const hash = createHash('sha256').update(process.arch)
  for (const file of files) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  const wanted = hash.digest('hex')
  const cache = join(root, 'node_modules', '.cache', 'quartet')
  const stamp = join(root, 'node_modules', '.cache', 'quartet-warm')
  if (existsSync(cache) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const urls = files.map((file) => pathToFileURL(file).href)
  const script = fileURLToPath(new URL('./fill-cache.mjs', import.meta.url))
  await runNode([script, cache, JSON.stringify(urls)], { stdio: 'ignore' })
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

/**
 * @param {string} directory
 * @returns {string[]}
 */
function sources(directory) {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (PROGRAMS.test(`${path}${entry.isDirectory() ? '/' : ''}`)) return []
    if (entry.isDirectory()) return entry.name === 'testing' ? [] : sources(path)
    return entry.name.endsWith('.ts') && !/\.(test|d)\.ts$/.test(entry.name) ? [path] : []
  })
}
