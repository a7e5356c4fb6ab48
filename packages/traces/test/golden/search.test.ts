import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { requestOf, withTempo } from '../support/tempo.ts'
import type { Json, SpanSpec, Tempo } from '../support/tempo.ts'

/**
 * Scripts in *.test: `span` lines load spans, then each `query` is followed by the expected traces, one a line, as
 * `traceID: spanID spanID …` of all spansets (`;` between them), in any order of traces. Every query runs on the head, on
 * blocks, and on traces split over both.
 */
interface Script {
  readonly spans: readonly SpanSpec[]
  readonly queries: readonly { readonly query: string; readonly expected: readonly string[]; readonly line: number }[]
}

function parseScript(text: string): Script {
  const spans: SpanSpec[] = []
  const queries: { query: string; expected: string[]; line: number }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    if (line.startsWith('span ')) spans.push(JSON.parse(line.slice(5)) as SpanSpec)
    else if (line.startsWith('query ')) queries.push({ query: line.slice(6), expected: [], line: index + 1 })
    else queries.at(-1)!.expected.push(line.trim())
  }
  return { spans, queries }
}

async function run(tempo: Tempo, query: string): Promise<string[]> {
  const { traces } = await tempo.json(`/api/search?spss=50&q=${encodeURIComponent(query)}`)
  return traces
    .map((trace: Json) => {
      const sets = trace.spanSets.map((set: Json) =>
        set.spans
          .map((span: Json) => span.spanID.replace(/^0+/, ''))
          .sort()
          .join(' '),
      )
      return `${trace.traceID}: ${sets.sort().join('; ')}`
    })
    .sort()
}

describe('TraceQL scripts', () => {
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test'))) {
    const { spans, queries } = parseScript(readFileSync(join(import.meta.dirname, file), 'utf8'))
    for (const place of ['head', 'block', 'both'] as const) {
      it(`${file} on ${place}`, async () => {
        await withTempo(async (tempo) => {
          const half = place === 'both' ? Math.floor(spans.length / 2) : spans.length
          await tempo.send(requestOf(...spans.slice(0, half)))
          if (place !== 'head') await fetch(`${tempo.api}/flush`, { method: 'POST' })
          if (half < spans.length) await tempo.send(requestOf(...spans.slice(half)))
          for (const { expected, line, query } of queries) {
            assert.deepEqual(await run(tempo, query), expected.toSorted(), `${file}:${line}: ${query}`)
          }
        })
      })
    }
  }
})
