import { ConfigError } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseIni } from '../../src/server/config/ini.ts'
import { readSettings } from '../../src/server/config/settings.ts'
import { loadDashboardProviders } from '../../src/server/provisioning/dashboard-providers.ts'
import { loadDataSources } from '../../src/server/provisioning/data-sources.ts'

const STACK = fileURLToPath(new URL('../../../../stack/grafana', import.meta.url))
const SEED = Number(process.env['QUARTET_SEED'] ?? Date.now() & 0xffffff)

/** Damages a text at one to four places. */
class Damager {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  damage(text: string): string {
    let damaged = text
    for (let count = 1 + this.#below(4); count > 0; count--) {
      const at = this.#below(damaged.length + 1)
      damaged = damaged.slice(0, at) + PIECES[this.#below(PIECES.length)] + damaged.slice(at + this.#below(20))
    }
    return damaged
  }

  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }
}

const PIECES = [
  '',
  '[',
  ']',
  '=',
  '"""',
  '`',
  '"',
  '\\',
  '\n',
  '\t',
  '\0',
  ': ',
  '- ',
  '{',
  '}',
  '$__file{x}',
  '&a *a',
  '%',
  '\u{1f600}',
  '0x',
  '!!binary ',
]

test('any text is an ini file or a list of problems with places inside of it', async () => {
  const text = await readFile(join(STACK, 'grafana.ini'), 'utf8')
  const damager = new Damager(SEED)
  for (let round = 0; round < 2000; round++) {
    const damaged = damager.damage(text)
    const told = `seed ${SEED}, round ${round}`
    const file = parseIni('g.ini', damaged)
    const lines = damaged.split('\n')
    for (const { offset } of file.entries) assert.ok(offset >= 0 && offset <= damaged.length, told)
    for (const { range, message } of file.diagnostics) {
      const [, line, column] = file.place(range.start).split(':').map(Number)
      assert.ok(line <= lines.length && column <= lines[line - 1].length + 1, `${told}: ${message}`)
    }
    const { settings, findings } = readSettings({ ini: { path: 'g.ini', text: damaged }, environment: {} })
    assert.equal(
      settings === undefined,
      findings.some(({ severity }) => severity === 'error'),
      told,
    )
  }
})

test('provisioning files load or fail with ConfigError that names file, line and column', async () => {
  const directory = await temporaryDirectory()
  const damager = new Damager(SEED)
  for (const [folder, load] of [
    ['datasources', loadDataSources],
    ['dashboards', loadDashboardProviders],
  ] as const) {
    await mkdir(join(directory.path, folder), { recursive: true })
    const text = await readFile(join(STACK, 'provisioning', folder, 'quartet.yaml'), 'utf8')
    for (let round = 0; round < 150; round++) {
      const told = `seed ${SEED}, ${folder}, round ${round}`
      await writeFile(join(directory.path, folder, 'a.yaml'), damager.damage(text))
      try {
        await load(directory.path, {})
      } catch (error) {
        assert.ok(error instanceof ConfigError, `${told}: ${String(error)}`)
        for (const problem of error.problems) assert.match(problem, /a\.yaml:\d+:\d+: error: /, told)
      }
    }
  }
  await directory.remove()
})
