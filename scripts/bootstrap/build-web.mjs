import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { nodeBinary } from './node-binary.mjs'
import { ROOT, say } from './paths.mjs'

/** What the browser part is built from, relative to packages/web. */
const SOURCES = ['index.html', 'package.json', 'vite.config.ts', 'vite', 'assets', 'src/browser', 'src/common']

/**
 * Whether what is about to run serves the page; other systems start without it.
 * @param {readonly string[]} args of the `quartet` command
 */
export function servesPage(args) {
  const flag = args.findIndex((arg) => arg.startsWith('-'))
  const [command = 'up', ...systems] = flag < 0 ? args : args.slice(0, flag)
  return command === 'up' || (command === 'serve' && systems.some((name) => name === 'grafana' || name === 'web'))
}

/**
 * Builds packages/web/dist when it is missing or its sources have changed since.
 * @param {string} [root]
 * @param {(root: string) => Promise<void>} [build]
 */
export async function ensureWebBuilt(root = ROOT, build = buildWeb) {
  const web = join(root, 'packages', 'web')
  const stampPath = join(root, 'node_modules', '.cache', 'quartet-web.json')
  const index = join(web, 'dist', 'index.html')
  const files = SOURCES.flatMap((source) => listFiles(join(web, source)))
  files.push(join(root, 'package-lock.json'))
  // Times and sizes answer in a few milliseconds; contents are read only when those differ, as after a fresh checkout.
  const sight = fingerprint(files, (file) => {
    const { size, mtimeMs } = statSync(file)
    return `${size} ${mtimeMs}`
  })
  const stamp = readStamp(stampPath)
  if (existsSync(index) && stamp?.sight === sight) return
  const content = fingerprint(files, (file) => readFileSync(file))
  if (!existsSync(index) || stamp?.content !== content) await build(root)
  mkdirSync(dirname(stampPath), { recursive: true })
  writeFileSync(stampPath, JSON.stringify({ sight, content }))
}

/** @param {string} root */
async function buildWeb(root) {
  say('Building the browser part (only when it changes) …')
  const startMs = Date.now()
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const child = spawn(nodeBinary(), ['--max-old-space-size=4096', vite, 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'packages', 'web'),
    stdio: ['ignore', 2, 2],
  })
  const timer = setInterval(() => say(`  ${Math.round((Date.now() - startMs) / 1000)} s`), 10_000)
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`the build of packages/web failed with exit code ${code}`)
  say(`Built in ${Math.round((Date.now() - startMs) / 1000)} s`)
}

/**
 * @param {string[]} files
 * @param {(file: string) => string | Buffer} read
 */
function fingerprint(files, read) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update('\0').update(read(file)).update('\0')
  return hash.digest('hex')
}

/**
 * Tests do not go into the page.
 * @param {string} path
 * @returns {string[]}
 */
function listFiles(path) {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  const entries = readdirSync(path, { withFileTypes: true }).sort((left, right) => (left.name < right.name ? -1 : 1))
  return entries.flatMap((entry) => {
    if (entry.isDirectory()) return listFiles(join(path, entry.name))
    return /\.test\.tsx?$/.test(entry.name) ? [] : [join(path, entry.name)]
  })
}

/**
 * @param {string} path
 * @returns {{ sight: string, content: string } | undefined}
 */
function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined // missing or damaged: build again
  }
}
