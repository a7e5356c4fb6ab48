import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from './paths.mjs'

/** In the order in which they run: what fails fastest comes first. */
export const PARTS = /** @type {const} */ (['unit', 'system', 'conformance', 'browser'])

/** @typedef {typeof PARTS[number]} Part */

/**
 * Every test file of the repository, sorted into parts by its place.
 * @param {string} [root]
 * @returns {Record<Part, string[]>}
 */
export function testFiles(root = ROOT) {
  /** @type {Record<Part, string[]>} */
  const parts = { unit: [], system: [], conformance: [], browser: [] }
  for (const top of ['packages', 'scripts', 'examples', 'bench', 'test']) {
    for (const file of walk(join(root, top))) {
      const path = relative(root, file)
      if (path.endsWith('.test.ts')) parts[partOf(path)].push(path)
    }
  }
  for (const files of Object.values(parts)) files.sort()
  return parts
}

/**
 * @param {string} path
 * @returns {Part}
 */
export function partOf(path) {
  if (/(^|\/)test\/(.*\/)?browser\//.test(path)) return 'browser'
  if (/(^|\/)test\/(.*\/)?conformance\//.test(path)) return 'conformance'
  return /(^|\/)test\//.test(path) ? 'system' : 'unit'
}

const SKIPPED = new Set(['node_modules', 'dist', 'data'])

/**
 * @param {string} directory
 * @returns {Generator<string>}
 */
function* walk(directory) {
  let entries
  try {
    entries = readdirSync(directory, { withFileTypes: true })
  } catch {
    return // a part of the tree that this checkout does not have
  }
  for (const entry of entries) {
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* walk(join(directory, entry.name))
    else if (entry.isFile()) yield join(directory, entry.name)
  }
}
