import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MODULE = new URL('../../src/early-signals.mjs', import.meta.url).href
const WAIT = 'setTimeout(() => process.exit(9), 20_000)'

/** Runs a script behind the module, and signals it when it says that it is there. */
async function signalled(script: string, signal: NodeJS.Signals): Promise<[code: number | null, text: string]> {
  const source = `await import(${JSON.stringify(MODULE)}); ${script}; console.log('there'); ${WAIT}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    if (text === '') child.kill(signal)
    text += part
  })
  const [code] = await once(child, 'close')
  return [code, text]
}

test('a signal that nobody listens to yet ends the process by a handler, which process 1 needs', async () => {
  assert.deepEqual(await signalled('', 'SIGTERM'), [143, 'there\n'])
  assert.deepEqual(await signalled('', 'SIGINT'), [130, 'there\n'])
})

test('who listens takes over, for its own signal only', async () => {
  const own = "process.on('SIGTERM', () => { console.log('own'); process.exit(0) })"
  assert.deepEqual(await signalled(own, 'SIGTERM'), [0, 'there\nown\n'])
  assert.deepEqual(await signalled(own, 'SIGINT'), [130, 'there\n'])
})

test('the command begins with it', () => {
  const main = readFileSync(fileURLToPath(new URL('../../src/main.mjs', import.meta.url)), 'utf8')
  assert.match(main, /^#!.*\nimport '\.\/early-signals\.mjs'\n/)
})
