import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureWebBuilt } from './bootstrap/build-web.mjs'
import { findChromium } from './bootstrap/chromium.mjs'
import { ensureInstalled } from './bootstrap/install.mjs'
import { main } from './bootstrap/main.mjs'
import { ROOT, say } from './bootstrap/paths.mjs'
import { runNode } from './bootstrap/run-node.mjs'
import { PARTS, testFiles } from './bootstrap/test-files.mjs'

const USAGE = `npm test -- [--only unit,system,conformance,browser] [--skip …] [part of a path…]`

/** `npm test`: prepares like `npm start`, runs every part and prints `N passed, N failed, N skipped` as the last line. */
await main(async () => {
  const { parts, filters } = readArguments(process.argv.slice(2))
  await ensureInstalled()
  const files = testFiles()
  const matches = (/** @type {string} */ file) =>
    filters.length === 0 || filters.some((filter) => file.includes(filter))
  const chosen = parts
    .map((part) => ({ part, files: files[part].filter(matches) }))
    .filter((run) => run.files.length > 0)
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const run of chosen) {
    const env = run.part === 'unit' ? {} : await prepare(run.part)
    const startMs = Date.now()
    say(`\n${run.part}: ${run.files.length} files`)
    const counts = await runTests(run.files, env)
    say(`${run.part}: ${describe(counts)} in ${((Date.now() - startMs) / 1000).toFixed(1)} s`)
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
  }
  if (chosen.length === 0) throw new Error(`no test file matches; ${USAGE}`)
  process.stdout.write(`${describe(total)}\n`)
  if (total.failed > 0) process.exitCode = 1
})

/** @param {string} part */
async function prepare(part) {
  await ensureWebBuilt()
  if (part !== 'browser') return {}
  const chromium = await findChromium()
  if (chromium) return { QUARTET_CHROMIUM: chromium }
  say('no Chromium for this machine: the browser tests will be skipped')
  return {}
}

/**
 * @param {string[]} files
 * @param {Record<string, string>} env
 */
async function runTests(files, env) {
  const directory = mkdtempSync(join(tmpdir(), 'quartet-summary-'))
  const summary = join(directory, 'summary.json')
  const reporter = new URL('./bootstrap/summary-reporter.mjs', import.meta.url).href
  try {
    const code = await runNode(
      [
        '--test',
        '--test-timeout=1500000',
        '--test-reporter=dot',
        '--test-reporter-destination=stderr',
        `--test-reporter=${reporter}`,
        `--test-reporter-destination=${summary}`,
        ...files,
      ],
      { env: { ...process.env, ...env, NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'quartet-test') } },
    )
    const counts = readCounts(summary)
    // A runner that dies leaves no summary or one that looks well.
    if (code !== 0 && counts.failed === 0) counts.failed = 1
    return counts
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** @param {string} path */
function readCounts(path) {
  const text = readFileSync(path, 'utf8').trim()
  if (text === '') return { passed: 0, failed: 0, skipped: 0 }
  /** @type {Record<string, number>} */
  const counts = JSON.parse(text.split('\n').at(-1) ?? '{}')
  const count = (/** @type {string} */ name) => counts[name] ?? 0
  return {
    passed: count('passed'),
    // What was cancelled did not pass, and node counts it apart.
    failed: count('failed') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  }
}

/** @param {{ passed: number, failed: number, skipped: number }} counts */
function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** @param {string[]} args */
function readArguments(args) {
  /** @type {string[]} */
  const filters = []
  let parts = /** @type {readonly (typeof PARTS[number])[]} */ (PARTS)
  for (let index = 0; index < args.length; index++) {
    const match = /^--(only|skip)(?:=(.*))?$/.exec(args[index] ?? '')
    if (!match) {
      if (args[index]?.startsWith('-')) throw new Error(`unknown option ${args[index]}; ${USAGE}`)
      filters.push(args[index] ?? '')
      continue
    }
    const names = (match[2] ?? args[++index] ?? '').split(',')
    const unknown = names.filter((name) => !PARTS.some((part) => part === name))
    if (unknown.length > 0) throw new Error(`unknown part ${unknown.join(', ')}; ${USAGE}`)
    parts = parts.filter((part) => names.includes(part) === (match[1] === 'only'))
  }
  return { parts, filters }
}
