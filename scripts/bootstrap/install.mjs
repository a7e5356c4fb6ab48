import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, say } from './paths.mjs'

const PROGRESS_EVERY_MS = 5_000

/**
 * Installs the packages of package-lock.json when they are not there, and remembers for which lock file they are.
 * @param {string} [root]
 */
export async function ensureInstalled(root = ROOT) {
  const lockText = readFileSync(join(root, 'package-lock.json'))
  const wanted = createHash('sha256').update(lockText).digest('hex')
  const stampPath = join(root, 'node_modules', '.quartet-installed')
  if (readIfThere(stampPath)?.trim() === wanted) return
  if (!isInstalled(root, JSON.parse(lockText.toString()))) await install(root)
  writeFileSync(stampPath, `${wanted}\n`)
}

/**
 * Whether `npm ci` was run by hand: npm's own record names the same version of every package that this machine needs.
 * @param {string} root
 * @param {{ packages: Record<string, LockEntry> }} lock
 * @typedef {{ version?: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[] }} LockEntry
 */
export function isInstalled(root, lock) {
  const record = readIfThere(join(root, 'node_modules', '.package-lock.json'))
  if (record === undefined) return false
  /** @type {Record<string, LockEntry>} */
  const installed = JSON.parse(record).packages
  return Object.entries(lock.packages).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.link) return true
    const found = installed[path]
    return found ? found.version === entry.version && existsSync(join(root, path)) : entry.optional === true
  })
}

/** @param {string} root */
async function install(root) {
  const total = Object.keys(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages).length
  say(`Installing ${total} packages (only when they change) …`)
  const startMs = Date.now()
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startMs) / 1000)
    say(`  ${seconds} s, ${countInstalled(root)} packages so far`)
  }, PROGRESS_EVERY_MS)
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env['npm_execpath']
  const child = npm
    ? spawn(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    : spawn('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`npm ci failed with exit code ${code}`)
  say(`Installed in ${Math.round((Date.now() - startMs) / 1000)} s`)
}

/** @param {string} root */
function countInstalled(root) {
  try {
    const names = readdirSync(join(root, 'node_modules'))
    const scoped = names.filter((name) => name.startsWith('@'))
    return (
      names.length + scoped.reduce((sum, name) => sum + readdirSync(join(root, 'node_modules', name)).length - 1, 0)
    )
  } catch {
    return 0 // npm is moving the directory at this moment
  }
}

/** @param {string} path */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
