import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError, loadYaml } from '@quartet/runtime'
import { azuread } from '../../src/config/cloud-auth.ts'
import { loadPrometheusConfig } from '../../src/config/prometheus-config.ts'
import { compileRule } from '../../src/config/relabel-section.ts'

/*
 * Upstream's configuration files: those that are good must load and print, those that are bad must be refused with upstream's
 * text. Upstream wraps it as `parsing YAML file <name>: …`; here every problem begins with file:line:col instead, so that
 * prefix is taken off before comparing.
 */

const FAMILY = `${process.env.QUARTET_CONFORMANCE ?? '/work/shared/conformance'}/prometheus-config`
const ROOT = `${FAMILY}/prometheus__prometheus`
const KNOWN: Record<string, string> = JSON.parse(
  readFileSync(new URL('./prometheus-config.known-failures.json', import.meta.url), 'utf8'),
)

interface Tally {
  passed: number
  failed: number
  skipped: number
}

const tallies = { good: tally(), errors: tally(), 'azuread blocks': tally(), 'relabel rules': tally() }

function tally(): Tally {
  return { passed: 0, failed: 0, skipped: 0 }
}

after(() => {
  for (const [name, { passed, failed, skipped }] of Object.entries(tallies)) {
    console.log(`prometheus-config ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`)
  }
})

/** Empty where the corpus is not. */
function facts<Case>(name: string): Case[] {
  const path = `${FAMILY}/facts/${name}.json`
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).cases : []
}

/** One case; a known failure must still fail, so that the list can only shrink. */
function addCase(kind: keyof typeof tallies, id: string, run: () => Promise<void> | void): void {
  test(`${kind}: ${id}`, async () => {
    const counts = tallies[kind]
    try {
      await run()
    } catch (error) {
      counts.failed++
      if (KNOWN[id] === undefined) throw error
      return
    }
    counts.passed++
    assert.equal(KNOWN[id], undefined, `${id} passes: take it off prometheus-config.known-failures.json`)
  })
}

async function refusal(load: Promise<unknown>): Promise<string> {
  try {
    await load
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n')
    throw error
  }
  throw new Error('was accepted')
}

/** Not whole configurations: a target group, and what two other programs read. */
const OTHER_FORMATS = new Set(['static_config.bad.yml', 'web-config.yml', 'promtool-http-config-file.yml'])

/** What upstream says about bad files that its table does not list; from its other tests. */
const MORE_ERRORS: Readonly<Record<string, string>> = {
  'config/testdata/config_with_deprecated_am_api_config.yml':
    'expected Alertmanager api version to be one of [v2] but got v1',
  'config/testdata/otlp_sanitize_promote_resource_attributes.bad.yml':
    "invalid 'promote_resource_attributes': duplicated promoted OTel resource attribute",
  'config/testdata/otlp_ignore_resource_attributes_without_promote_all.bad.yml':
    "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true",
  'config/testdata/scrape_config_files.bad.yml': 'scrape timeout greater than scrape interval',
  'cmd/promtool/testdata/prometheus-config.bad.yml': 'field not-prometheus not found in type config.plain',
  'cmd/promtool/testdata/url_in_alert_targetgroup_with_relabel_config.bad.yml': '',
  'cmd/promtool/testdata/url_in_scrape_targetgroup_with_relabel_config.bad.yml': '',
}

/** promtool relabels the targets of these, which loading does not. */
const PROMTOOL_ONLY = new Set(Object.keys(MORE_ERRORS).filter((file) => MORE_ERRORS[file] === ''))

const goodFiles = [
  'config/testdata/**/*.yml',
  'documentation/examples/*.yml',
  'cmd/promtool/testdata/{prometheus-config.{good,lint}*,config_with*,*_config.*,authorization*}.yml',
]
  .flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
  .filter((file) => !basename(file).includes('.bad.') && !OTHER_FORMATS.has(basename(file)))
  .filter((file) => MORE_ERRORS[file] === undefined)
  .sort()

const SECRET_LINE =
  /(password|credentials|token|auth_token|client_secret|secret_key|application_secret|consumer_key): "?([^"\n]+)"?$/gm

for (const file of goodFiles) {
  addCase('good', file, async () => {
    const config = await loadPrometheusConfig(`${ROOT}/${file}`)
    const text = await config.text()
    assert.match(text, /^global:\n/)
    for (const [, key, value] of readFileSync(`${ROOT}/${file}`, 'utf8').matchAll(SECRET_LINE)) {
      assert.ok(
        ![
          `${key}: ${value}
`,
          `${key}: "${value}"
`,
        ].some((line) => text.includes(line)),
        `prints ${key}`,
      )
    }
  })
}

const table = facts<{ file: string; error: string }>('config_errors')
for (const { file, error } of [
  ...table,
  ...Object.entries(MORE_ERRORS).map(([path, text]) => ({ file: path, error: text })),
]) {
  if (!existsSync(`${ROOT}/${file}`) || PROMTOOL_ONLY.has(file)) {
    tallies.errors.skipped++
    continue
  }
  addCase('errors', file, async () => {
    const wanted = error.replace(/^parsing YAML file \S+: /, '')
    const found = await refusal(loadPrometheusConfig(`${ROOT}/${file}`))
    assert.ok(found.includes(wanted), `wanted ${wanted}\nfound ${found}`)
    for (const line of found.split('\n')) assert.match(line, /^\/.*:\d+:\d+: error: /)
  })
}

for (const file of globSync('storage/remote/azuread/testdata/*.yaml', { cwd: ROOT }).sort()) {
  addCase('azuread blocks', file, async () => {
    const load = loadYaml({ path: `${ROOT}/${file}`, schema: azuread })
    if (basename(file).startsWith('azuread_good')) await load
    else await refusal(load)
  })
}

interface RelabelCase {
  readonly config: {
    readonly source_labels?: string[]
    readonly regex?: string
    readonly action?: string
    readonly replacement?: string
    readonly target_label?: string
    readonly name_validation_scheme: string
  }
  readonly error: string
  readonly src_line: number
}
const rules = facts<RelabelCase>('relabel_validate')
for (const { config, error, src_line: line } of rules) {
  addCase('relabel rules', `relabel_validate.json ${line}`, () => {
    const rule = {
      source_labels: config.source_labels,
      separator: ';',
      regex: config.regex ?? '(.*)',
      modulus: 0,
      target_label: config.target_label ?? '',
      replacement: config.replacement ?? '$1',
      action: config.action ?? '',
    }
    const run = (): unknown => compileRule(rule, config.name_validation_scheme === 'legacy')
    if (error === '') run()
    else assert.throws(run, (thrown: Error) => thrown.message.includes(error))
  })
}
