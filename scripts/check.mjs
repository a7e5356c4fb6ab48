import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ensureInstalled } from './bootstrap/install.mjs'
import { main } from './bootstrap/main.mjs'
import { nodeBinary } from './bootstrap/node-binary.mjs'
import { ROOT, say } from './bootstrap/paths.mjs'

/** `npm run check`: format, lint with warnings as errors, types of the server and of the browser, layers, tidiness. */
await main(async () => {
  await ensureInstalled()
  const browser = ['packages/web/src/browser/tsconfig.json', 'packages/web/tsconfig.json'].find((path) =>
    existsSync(join(ROOT, path)),
  )
  const steps = [
    { name: 'format', command: ['oxfmt', '--check', '.'] },
    { name: 'lint', command: ['oxlint', '--deny-warnings', '.'] },
    { name: 'types', command: ['tsc', '-p', '.'] },
    ...(browser ? [{ name: 'types of the browser', command: ['tsc', '-p', browser] }] : []),
    {
      name: 'layers and tidiness',
      command: [nodeBinary(), '--test', '--test-reporter=dot', 'scripts/layers.test.ts', 'scripts/tidy.test.ts'],
    },
  ]
  let failures = 0
  for (const { name, command } of steps) {
    const startMs = Date.now()
    const { code, output } = await run(command)
    say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - startMs) / 1000).toFixed(1)} s)`)
    if (code === 0) continue
    failures++
    process.stdout.write(output)
  }
  process.stdout.write(`${steps.length - failures} passed, ${failures} failed\n`)
  if (failures > 0) process.exitCode = 1
})

/**
 * @param {string[]} command
 * @returns {Promise<{ code: number, output: string }>}
 */
function run([program = '', ...args]) {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter)
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
