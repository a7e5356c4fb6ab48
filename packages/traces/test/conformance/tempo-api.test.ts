import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'node:test'
import { parseTags } from '../../src/api/logfmt-tags.ts'
import { parseTimestamp } from '../../src/api/metrics-parameters.ts'
import { parseSearchParameters } from '../../src/api/parameters.ts'
import { parseTraceId } from '../../src/api/trace-id.ts'
import { loadTempoConfig } from '../../src/config/tempo-config.ts'
import { hexId } from '../../src/query/segment-source.ts'
import type { Json } from '../support/tempo.ts'
import { CORPUS, readFacts, runFamily } from './corpus.ts'
import type { Case } from './corpus.ts'

function factCases(file: string, run: (fact: Json) => undefined | { skip: string } | void): () => Case[] {
  return () =>
    readFacts(`tempo-api/facts/${file}.json`).map((fact) => ({
      id: `${fact.src_line} ${fact.name ?? fact.tags ?? fact.hex ?? ''}`.trim(),
      run: () => run(fact),
    }))
}

/** `Date` keeps milliseconds; the rest of the fraction is added as text. */
function dateNs(text: string): bigint {
  const below = /\.\d{3}(\d+)/.exec(text)?.[1] ?? ''
  return BigInt(Date.parse(text)) * 1_000_000n + BigInt(below.padEnd(6, '0'))
}

function wantedNs(want: { unix?: number; unix_nano?: string }): bigint {
  return want.unix_nano === undefined ? BigInt(want.unix!) * 1_000_000_000n : BigInt(want.unix_nano)
}

function configCases(): Case[] {
  const root = join(CORPUS, 'tempo-config/grafana__tempo')
  return (
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      // config-tempo-query.yaml belongs to another program, the Jaeger bridge.
      .filter((path) => /(^|\/)(tempo|config)[^/]*\.ya?ml$/.test(path) && !path.endsWith('config-tempo-query.yaml'))
      .map((path) => ({
        id: path,
        run: async () => {
          const text = readFileSync(join(root, path), 'utf8')
          if (text.includes('{{')) return // a Go template, not YAML
          await loadTempoConfig({ path, text, expandEnv: true })
        },
      }))
  )
}

describe('Tempo API conformance', () => {
  runFamily(
    'tempo-api search_params',
    factCases('search_params', ({ error, parsed, query_string: query }) => {
      const parse = (): unknown => {
        const found = parseSearchParameters(new URLSearchParams(query))
        return {
          Tags: Object.fromEntries(found.tags),
          ...(found.query ? { Query: found.query } : {}),
          ...(found.minDurationNs ? { MinDurationMs: found.minDurationNs / 1e6 } : {}),
          ...(found.maxDurationNs ? { MaxDurationMs: found.maxDurationNs / 1e6 } : {}),
          ...(found.limit === undefined ? {} : { Limit: found.limit }),
          ...(found.start ? { Start: found.start } : {}),
          ...(found.end ? { End: found.end } : {}),
          SpansPerSpanSet: found.spansPerSpanSet,
        }
      }
      if (error === null) assert.deepEqual(parse(), parsed)
      else assert.throws(parse, { message: error })
    }),
  )
  runFamily(
    'tempo-api search_tags',
    factCases('search_tags', ({ error, parsed, tags }) => {
      if (error === undefined) assert.deepEqual(Object.fromEntries(parseTags(tags)), parsed)
      else assert.throws(() => parseTags(tags), { message: error })
    }),
  )
  runFamily(
    'tempo-api trace_ids',
    factCases('trace_ids', ({ bytes, hex, span_id_bytes: spanId, test }) => {
      if (spanId !== undefined) return { skip: 'span ids are eight bytes here' }
      if (test === 'TestTraceIDToHexString') assert.equal(hexId(new Uint8Array(bytes)), hex)
      else if (bytes === null) assert.throws(() => parseTraceId(hex))
      else assert.deepEqual([...parseTraceId(hex)], bytes)
      return undefined
    }),
  )
  runFamily(
    'tempo-api time_params',
    factCases('time_params', ({ error, value, want }) => {
      const nowNs = 42n
      if (error) {
        assert.throws(() => parseTimestamp(value, nowNs))
        return undefined
      }
      const expected = want === 'now' ? nowNs : typeof want === 'string' ? dateNs(want) : wantedNs(want)
      assert.equal(parseTimestamp(value, nowNs), expected)
      return undefined
    }),
  )
  runFamily('tempo-config', configCases)
})
