import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ensureWebBuilt, servesPage } from './build-web.mjs'
import { isInstalled } from './install.mjs'
import { partOf, testFiles } from './test-files.mjs'

let root: string
let remove: () => Promise<void>
beforeEach(async () => {
  ;({ path: root, remove } = await temporaryDirectory())
})
afterEach(() => remove())

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

test('builds the browser part when it is missing, when a source changes, and at no other time', async () => {
  let builds = 0
  const build = async (): Promise<void> => {
    builds++
    await write('packages/web/dist/index.html', 'built')
  }
  await write('package-lock.json', '{}')
  await write('packages/web/index.html', 'page')
  await write('packages/web/src/browser/main.tsx', 'one')
  await write('packages/web/src/server/index.ts', 'one')
  const after = async (change: () => Promise<unknown>): Promise<number> => {
    const before = builds
    await change()
    await ensureWebBuilt(root, build)
    return builds - before
  }
  const nothing = async (): Promise<void> => undefined
  assert.equal(await after(nothing), 1)
  assert.equal(await after(nothing), 0)
  assert.equal(await after(() => write('packages/web/src/browser/main.tsx', 'two')), 1)
  assert.equal(
    await after(() => utimes(join(root, 'packages/web/src/browser/main.tsx'), 1, 1)),
    0,
    'only the time changed',
  )
  assert.equal(await after(() => write('packages/web/src/browser/main.test.tsx', 'test')), 0)
  assert.equal(await after(() => write('packages/web/src/server/index.ts', 'two')), 0)
  assert.equal(await after(() => write('packages/web/src/browser/new.ts', '')), 1)
  assert.equal(await after(() => rm(join(root, 'packages/web/dist'), { recursive: true })), 1)
  assert.equal(await after(() => write('package-lock.json', '{"other":1}')), 1)
  assert.equal(await after(() => write('node_modules/.cache/quartet-web.json', '{damaged')), 1)
})

test('only what serves the page needs it built', () => {
  for (const line of [
    '',
    'up',
    '--data x',
    'up --listen 0.0.0.0',
    'serve prometheus grafana',
    'serve web --http-port=3001',
  ])
    assert.ok(servesPage(line.split(' ').filter(Boolean)), line)
  for (const line of ['serve prometheus', 'serve loki --data grafana', 'check', 'help', 'version', 'backup grafana'])
    assert.ok(!servesPage(line.split(' ')), line)
})

test('a failing build is not remembered as done', async () => {
  await write('package-lock.json', '{}')
  const failing = ensureWebBuilt(root, () => Promise.reject(new Error('build failed')))
  await assert.rejects(failing, /build failed/)
  let built = false
  await ensureWebBuilt(root, async () => void (built = true))
  assert.ok(built)
})

test('recognises an installation by hand, and what is missing or of another version in it', async () => {
  const lock = {
    packages: {
      '': {},
      'packages/a': {},
      'node_modules/a': { link: true },
      'node_modules/b': { version: '1.0.0' },
      'node_modules/c-darwin': { version: '1.0.0', optional: true },
    },
  }
  assert.equal(isInstalled(root, lock), false)
  const record = (version: string): string => JSON.stringify({ packages: { 'node_modules/b': { version } } })
  await write('node_modules/.package-lock.json', record('1.0.0'))
  assert.equal(isInstalled(root, lock), false, 'the folder is gone')
  await write('node_modules/b/package.json', '{}')
  assert.equal(isInstalled(root, lock), true)
  await write('node_modules/.package-lock.json', record('0.9.0'))
  assert.equal(isInstalled(root, lock), false)
})

test('sorts tests into parts by their place', () => {
  assert.equal(partOf('packages/logs/src/a.test.ts'), 'unit')
  assert.equal(partOf('scripts/layers.test.ts'), 'unit')
  assert.equal(partOf('packages/logs/test/golden/a.test.ts'), 'system')
  assert.equal(partOf('packages/logs/test/conformance/a.test.ts'), 'conformance')
  assert.equal(partOf('packages/web/test/browser/a.test.ts'), 'browser')
  assert.equal(partOf('test/browser/a.test.ts'), 'browser')
  assert.equal(partOf('test/end-to-end/a.test.ts'), 'system')
  assert.ok(testFiles().unit.includes('scripts/bootstrap/bootstrap.test.ts'))
})

const RUN_NODE = new URL('./run-node.mjs', import.meta.url).href

/** A launcher that becomes Node with a script which prints its signals. */
async function launch(env: Record<string, string> = {}) {
  await write(
    'child.mjs',
    "process.on('SIGTERM', () => { console.log('term'); process.exit(7) }); console.log(process.pid); setInterval(() => {}, 1e6)",
  )
  const script = `const { becomeNode } = await import('${RUN_NODE}'); await becomeNode(['${join(root, 'child.mjs')}'])`
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  })
  const [text] = (await once(launcher.stdout, 'data')) as [Buffer]
  return { launcher, childPid: Number(text.toString().trim()) }
}

test('passes signals on and the exit code back', async () => {
  const { launcher } = await launch()
  launcher.kill('SIGTERM')
  const [code] = (await once(launcher, 'close')) as [number]
  assert.equal(code, 7)
})

test('the child knows who launched it, so that it can end when that one is gone', async () => {
  await write('child.mjs', "console.log(process.env.QUARTET_LAUNCHER_PID.split(',')[0] === String(process.ppid))")
  const script = `const { becomeNode } = await import('${RUN_NODE}'); await becomeNode(['${join(root, 'child.mjs')}'])`
  for (const prelude of ['', 'process.execve = undefined; ']) {
    const launcher = spawn(process.execPath, ['--input-type=module', '-e', prelude + script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, npm_lifecycle_event: 'start' },
    })
    const [text] = (await once(launcher.stdout, 'data')) as [Buffer]
    assert.equal(text.toString().trim(), 'true')
    await once(launcher, 'close')
  }
})

test('ends when the npm above its shell is killed', async () => {
  await write(
    'child.mjs',
    "process.on('SIGTERM', () => { console.log('term'); process.exit(0) }); console.log('up'); setInterval(() => {}, 1e6)",
  )
  await write(
    'launch.mjs',
    `process.execve = undefined; const { becomeNode } = await import('${RUN_NODE}'); await becomeNode(['${join(root, 'child.mjs')}'])`,
  )
  // Stands for npm: runs the script through a shell that stays (the second command keeps it from exec) and shares its output.
  const npm = spawn(
    process.execPath,
    [
      '-e',
      `require('node:child_process').spawn('sh', ['-c', '${process.execPath} ${join(root, 'launch.mjs')}; true'], { stdio: 'inherit' })`,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, npm_lifecycle_event: 'start' } },
  )
  await once(npm.stdout, 'data')
  npm.kill('SIGKILL')
  const [text] = (await once(npm.stdout, 'data')) as [Buffer]
  assert.equal(text.toString().trim(), 'term')
})
