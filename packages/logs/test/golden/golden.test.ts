import { formatStreamLabels, labelsFromPairs, parseStreamLabels } from '@quartet/model'
import { systemClock } from '@quartet/runtime'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { DEFAULT_LIMITS } from '../../src/config/limits.ts'
import { Queries } from '../../src/query/queries.ts'
import { memorySource } from '../support/memory-source.ts'
import type { MemoryStream } from '../support/memory-source.ts'

const NANOS = 1_000_000_000n

interface Step {
  readonly line: number
  readonly text: string
  readonly body: string[]
}

for (const name of readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test'))) {
  describe(name, () => {
    const streams: MemoryStream[] = []
    for (const step of readSteps(readFileSync(join(import.meta.dirname, name), 'utf8'))) {
      if (step.text.startsWith('load ')) {
        const entries = step.body.map((line, index) => ({ timeNs: (1000n + BigInt(index)) * NANOS, line }))
        streams.push({ labels: parseStreamLabels(step.text.slice(5)), entries })
      } else it(`${name}:${step.line} ${step.text}`, () => run(step, streams))
    }
  })
}

async function run(step: Step, streams: readonly MemoryStream[]): Promise<void> {
  const queries = new Queries(memorySource(streams), DEFAULT_LIMITS, systemClock)
  const base = { intervalNs: 0n, limit: 1000, direction: 'forward', categorize: false, signal: new AbortController().signal } as const
  const value = /^value at ([0-9]+) (.+) ([-+.0-9A-Za-z]+)$/.exec(step.text)
  if (value) {
    const timeNs = BigInt(value[1]) * NANOS
    const result = await queries.run({ ...base, query: value[2], startNs: timeNs, endNs: timeNs, stepNs: 0n })
    assert.ok(result.kind === 'metric' && typeof result.result !== 'number')
    return assert.deepEqual(result.result.map((series) => String(series.values[0])), [value[3]])
  }
  const query = /^eval (.+)$/.exec(step.text)?.[1] ?? assert.fail(`unknown step: ${step.text}`)
  const result = await queries.run({ ...base, query, startNs: 0n, endNs: 5000n * NANOS, stepNs: NANOS })
  assert.ok(result.kind === 'streams')
  const own = new Set(streams.flatMap(({ labels }) => labels.map((pair) => pair.join('='))))
  const found = result.streams.flatMap(({ labels, entries }) =>
    entries.map(({ timeNs, line }) => ({ timeNs, text: `${formatStreamLabels(labelsFromPairs(labels.filter((pair) => !own.has(pair.join('=')))))} ${line}` })),
  )
  assert.deepEqual(found.sort((a, b) => Number(a.timeNs - b.timeNs)).map(({ text }) => text), step.body)
}

function readSteps(text: string): Step[] {
  const steps: Step[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('#') || line.trim() === '') continue
    if (line.startsWith('  ')) steps.at(-1)?.body.push(line.slice(2))
    else steps.push({ line: index + 1, text: line, body: [] })
  }
  return steps
}
