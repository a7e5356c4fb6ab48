import type { Label, Labels } from '@quartet/model'
import { combineHistograms, labelsFromPairs } from '@quartet/model'
import { Lexer } from '@quartet/query'
import { parseNumber } from '../../query/syntax/number.ts'
import { parseHistogram } from './histogram-notation.ts'
import type { NotedHistogram } from './histogram-notation.ts'

/** One value of a sequence; `gap` is no sample. */
export type SequenceValue = number | 'stale' | 'gap' | NotedHistogram

export interface SeriesLine {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}

/** promqltest's notation: `name{label="value"} 1 2+3x4 _x2 stale`. @throws Error when it is malformed */
export function parseSeriesLine(line: string): SeriesLine {
  const lexer = new Lexer(line)
  const labels = metric(lexer)
  const values: SequenceValue[] = []
  let rest = line.slice(lexer.offset)
  while (rest.trim() !== '') {
    if (!/^\s/.test(rest)) throw new Error(`unexpected ${JSON.stringify(rest)} in series values`)
    rest = rest.trimStart()
    const histogram = /^(\{\{[^}]*\}\})(?:([+-])(\{\{[^}]*\}\}))?(?:x(\d+))?/.exec(rest)
    const item = histogram?.[0] ?? /^\S+/.exec(rest)?.[0] ?? ''
    if (histogram === null) values.push(...sequence(item))
    else values.push(...histogramSequence(histogram))
    rest = rest.slice(item.length)
  }
  return { labels, values }
}

function histogramSequence([, start, sign, step, times]: RegExpExecArray): NotedHistogram[] {
  const { histogram: first, hasHint } = parseHistogram(start)
  let histogram = first
  const change = step === undefined ? undefined : parseHistogram(step).histogram
  const values: NotedHistogram[] = [{ histogram, hasHint }]
  for (let index = 0; index < Number(times ?? 0); index++) {
    if (change !== undefined) histogram = combineHistograms(histogram, change, sign === '-' ? -1 : 1).histogram
    values.push({ histogram, hasHint })
  }
  return values
}

function metric(lexer: Lexer): Labels {
  const name = lexer.takeWhile((code) => /[a-zA-Z0-9_:]/.test(String.fromCharCode(code)))
  const pairs: Label[] = name === '' ? [] : [['__name__', name]]
  if (!lexer.accept('{')) return labelsFromPairs(pairs)
  lexer.skipSpace()
  while (!lexer.accept('}')) {
    const label = lexer.string()?.value ?? lexer.identifier()
    if (label === undefined) throw new Error(`bad label in ${lexer.text}`)
    lexer.skipSpace()
    if (lexer.accept('=')) {
      lexer.skipSpace()
      const value = lexer.string()
      if (value === undefined) throw new Error(`bad label value in ${lexer.text}`)
      pairs.push([label, value.value])
    } else {
      pairs.push(['__name__', label])
    }
    lexer.skipSpace()
    if (lexer.accept(',')) lexer.skipSpace()
    else if (lexer.peek() !== 125) throw new Error(`expected , or } in ${lexer.text}`)
  }
  if (lexer.diagnostics.length > 0) throw new Error(lexer.diagnostics[0].message)
  return labelsFromPairs(pairs)
}

const NUMBER =
  '(?:[0-9][0-9_]*\\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\\.[0-9]+(?:[eE][+-]?[0-9]+)?|0[xX][0-9a-fA-F]+|[iI]nf|[nN]a[nN])'
const GAP = /^_(?:x(\d+))?$/
const VALUE = new RegExp(`^([+-]?${NUMBER})(?:([+-]${NUMBER}))?(?:x(\\d+))?$`)

function sequence(item: string): SequenceValue[] {
  if (item === 'stale') return ['stale']
  const gap = GAP.exec(item)
  if (gap !== null) return new Array<SequenceValue>(Number(gap[1] ?? 1)).fill('gap')
  const stale = /^stalex(\d+)$/.exec(item)
  if (stale !== null) return new Array<SequenceValue>(Number(stale[1]) + 1).fill('stale')
  const match = VALUE.exec(item)
  if (match === null || (match[2] !== undefined && match[3] === undefined)) throw new Error(`bad series value ${item}`)
  const start = signed(match[1])
  const step = match[2] === undefined ? 0 : signed(match[2])
  const values: SequenceValue[] = []
  let value = start
  for (let index = 0; index <= Number(match[3] ?? 0); index++) {
    values.push(value)
    value += step
  }
  return values
}

function signed(text: string): number {
  const isNegative = text.startsWith('-')
  const value = parseNumber(text.replace(/^[+-]/, ''))
  if (value === undefined) throw new Error(`bad number ${text}`)
  return isNegative ? -value : value
}
