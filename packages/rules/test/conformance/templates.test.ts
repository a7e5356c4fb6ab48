import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { labelsFromRecord } from '@quartet/model'
import { TemplateError } from '@quartet/query'
import { ExpansionError, TemplateExpander } from '../../src/template/expander.ts'

/** Upstream's table of template expansions. */
const PATH = `${process.env.QUARTET_CONFORMANCE ?? '/work/shared/conformance'}/prometheus-config/facts/alert_templates.json`
const KNOWN: Record<string, string> = JSON.parse(
  readFileSync(new URL('./templates.known-failures.json', import.meta.url), 'utf8'),
)

interface Case {
  readonly text: string
  readonly data: unknown
  readonly query_result: readonly { Metric: Record<string, string>; F: number }[] | null
  readonly output: string
  readonly should_fail: boolean
  readonly error: string | null
  readonly html: boolean
  readonly options?: readonly string[]
  readonly src_line: number
}

const cases: readonly Case[] = existsSync(PATH) ? JSON.parse(readFileSync(PATH, 'utf8')).cases : []
if (cases.length === 0) console.log('alert templates: skipped, the conformance corpus is not there')
let passed = 0

after(() => {
  if (cases.length > 0)
    console.log(`prometheus-config alert templates: ${passed} passed, ${cases.length - passed} failed`)
})

for (const one of cases) {
  const id = `alert_templates.json ${one.src_line}`
  test(id, async () => {
    try {
      await check(one)
    } catch (error) {
      if (KNOWN[id] === undefined) throw error
      return
    }
    passed++
    assert.equal(KNOWN[id], undefined, `${id} passes: take it off templates.known-failures.json`)
  })
}

async function check(one: Case): Promise<void> {
  if (one.should_fail) {
    await assert.rejects(expand(one), (error: Error) => {
      assert.equal(error.message, one.error)
      return true
    })
  } else assert.equal(await expand(one), one.output)
}

async function expand({ text, data, query_result: result, html, options }: Case): Promise<string> {
  let expander: TemplateExpander
  try {
    const missingKey = options?.includes('missingkey=error') ? 'error' : 'zero'
    expander = new TemplateExpander('test', text, { isHtml: html, missingKey })
  } catch (error) {
    if (error instanceof TemplateError) throw new ExpansionError(`error parsing template test: ${error.message}`)
    throw error
  }
  return expander.expand({
    data: toGo(data),
    timeMs: Date.UTC(2012, 10, 24, 11, 14, 12),
    externalUrl: 'http://testhost:9090/path/prefix',
    query: async () =>
      (Array.isArray(result) ? result : []).map(({ Metric, F }) => ({ labels: labelsFromRecord(Metric), value: F })),
  })
}

/** Numbers of the table are floats or integers; all template functions that see them take both. */
function toGo(value: unknown): unknown {
  if (value === null) return undefined
  return Array.isArray(value) ? value.map(toGo) : value
}
