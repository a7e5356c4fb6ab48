import { LogBatch, lokiPushFromJson, metadataPairs, parseStreamLabels } from '@quartet/model'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import {
  defaultStepNs,
  parseBounds,
  parseInstantParameters,
  parseRangeParameters,
  parseTimeNs,
} from '../../src/api/parameters.ts'
import { parseDurationNs } from '../../src/config/units.ts'

const FACTS = join(import.meta.dirname, '../../../../../shared/conformance/loki-api/facts')
const NOW_NS = 1_700_000_000_000_000_000n

// oxlint-disable-next-line typescript/no-explicit-any -- every facts file has a shape of its own
type Case = any

function timeOf(given: Case): bigint {
  if (given === 'now') return NOW_NS
  if (typeof given === 'string') return parseTimeNs(given, 0n)
  return given.unix_nano === undefined ? BigInt(given.unix) * 1_000_000_000n : BigInt(given.unix_nano)
}

function valuesOf(url: string): URLSearchParams {
  return new URLSearchParams(url.slice(url.indexOf('?') + 1))
}

const runners: Record<string, (fact: Case) => void> = {
  time_params({ args, value, want, error, start, end }) {
    if (!args) {
      if (error) assert.throws(() => parseTimeNs(value, NOW_NS))
      else assert.equal(parseTimeNs(value, NOW_NS), timeOf(want))
      return
    }
    const values = new URLSearchParams({ start: args.startString, end: args.endString, since: args.sinceString })
    const run = (): { startNs: bigint; endNs: bigint } => parseBounds(values, timeOf(args.now))
    // Upstream's table leaves the times of a refused case at their zero value.
    if (typeof start === 'object' && Object.keys(start).length === 0) assert.throws(run)
    else assert.deepEqual(run(), { startNs: timeOf(start), endNs: timeOf(end) })
  },
  step_interval({ kind, url, start, end, step_s, interval, error }) {
    if (kind === 'default_step')
      return assert.equal(defaultStepNs(timeOf(start), timeOf(end)), BigInt(step_s) * 1_000_000_000n)
    if (error) return void assert.throws(() => parseRangeParameters(valuesOf(url), NOW_NS))
    const parsed = parseRangeParameters(valuesOf(url), NOW_NS)
    if (kind === 'interval') assert.equal(parsed.intervalNs, interval === 0 ? 0n : BigInt(parseDurationNs(interval)))
  },
  query_params({ url, error, test }) {
    const values = valuesOf(url)
    const run = (): unknown =>
      test === 'TestParseInstantQuery'
        ? parseInstantParameters(values, NOW_NS)
        : test === 'TestParseLabelQuery'
          ? parseBounds(values, NOW_NS)
          : parseRangeParameters(values, NOW_NS)
    if (error) assert.throws(run)
    else run()
  },
  push_decode({ json, streams }) {
    const batch = new LogBatch()
    lokiPushFromJson(json, batch)
    assert.deepEqual(
      batch.streams.map(parseStreamLabels),
      streams.map((stream: Case) => parseStreamLabels(stream.Labels)),
    )
    const entries = streams.flatMap((stream: Case) => stream.Entries)
    for (const [index, entry] of entries.entries()) {
      assert.equal(BigInt(batch.seconds[index]) * 1_000_000_000n + BigInt(batch.nanos[index]), timeOf(entry.Timestamp))
      assert.equal(
        Buffer.from(batch.text.subarray(batch.lineStart[index], batch.lineEnd[index])).toString(),
        entry.Line,
      )
      assert.deepEqual(
        metadataPairs(batch.metadata, batch.metadataStart[index], batch.metadataEnd[index]),
        (entry.StructuredMetadata ?? []).map(({ Name, Value }: Case) => [Name, Value]),
      )
    }
  },
}

if (existsSync(FACTS)) {
  for (const [name, run] of Object.entries(runners)) {
    it(`loki-api facts: ${name}`, () => {
      const { cases } = JSON.parse(readFileSync(join(FACTS, `${name}.json`), 'utf8')) as { cases: Case[] }
      const failures: string[] = []
      for (const fact of cases) {
        try {
          run(fact)
        } catch (error) {
          failures.push(`${name}.json#${fact.src_line}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
      console.log(`loki-api ${name}: ${cases.length - failures.length} passed, ${failures.length} failed, 0 skipped`)
      assert.deepEqual(failures, [])
    })
  }
} else console.log(`loki-api: skipped, no facts in ${FACTS}`)
