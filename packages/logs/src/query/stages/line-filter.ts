import { compileRegex, RegexError } from '@quartet/query'
import type { Regex } from '@quartet/query'
import type { LineOp, StageNode } from '../ast.ts'
import type { PageLines } from '../source.ts'
import { compileIp } from './ip.ts'
import { checkPattern, parsePattern, testPattern } from './pattern-expression.ts'
import { StageError } from './stage.ts'
import type { Stage } from './stage.ts'

/**
 * A line filter. In front of a pipeline it works on whole pages: literals are searched in the page's bytes before any line is
 * split off or made a string; only lines that the literal left are tested by an expression.
 */
export interface LineFilter extends Stage {
  /** Clears `mask[i]` of every line that the filter drops. */
  mask(page: PageLines, mask: Uint8Array): void
}

interface Test {
  /** Bytes that a matching line contains; undefined when nothing is known. */
  readonly literal: Buffer | undefined
  /** The literal decides alone. */
  readonly isExact: boolean
  test(line: string): boolean
}

/** @throws StageError */
export function lineFilterStage(node: Extract<StageNode, { kind: 'line' }>): LineFilter {
  const isNegative = node.op.startsWith('!')
  const tests = node.operands.map((operand) => compileTest(node.op, operand.value, operand.isIp))
  return {
    run: (entry) => tests.some((test) => test.test(entry.line)) !== isNegative,
    mask(page, mask) {
      if (tests.length === 1) {
        maskOne(tests[0], page, mask, isNegative)
        return
      }
      const matched = new Uint8Array(page.count)
      for (const test of tests) {
        const own = mask.slice(0, page.count)
        maskOne(test, page, own, false)
        for (let index = 0; index < page.count; index++) matched[index] |= own[index]
      }
      for (let index = 0; index < page.count; index++) if ((matched[index] === 1) === isNegative) mask[index] = 0
    },
  }
}

function compileTest(op: LineOp, value: string, isIp: boolean): Test {
  if (isIp) {
    if (op !== '|=' && op !== '!=') throw new StageError(`ip: unsupported operator: ${op}`)
    const pattern = compileIp(value)
    return { literal: undefined, isExact: false, test: (line) => pattern.contains(line) }
  }
  if (op === '|=' || op === '!=')
    return { literal: Buffer.from(value), isExact: true, test: (line) => line.includes(value) }
  if (op === '|>' || op === '!>') {
    const parts = parsePattern(value)
    checkPattern(parts, 'line_filter')
    const longest = parts.reduce(
      (best, part) => ('literal' in part && part.literal.length > best.length ? part.literal : best),
      '',
    )
    return {
      literal: longest === '' ? undefined : Buffer.from(longest),
      isExact: false,
      test: (line) => testPattern(parts, line),
    }
  }
  const regex = compileOrFail(value)
  const { literal } = regex
  return {
    literal: literal === undefined || literal === '' ? undefined : Buffer.from(literal),
    isExact: false,
    test: (line) => regex.test(line),
  }
}

function compileOrFail(pattern: string): Regex {
  try {
    return compileRegex(pattern)
  } catch (error) {
    if (error instanceof RegexError) throw new StageError(error.message)
    throw error
  }
}

function maskOne(test: Test, page: PageLines, mask: Uint8Array, isNegative: boolean): void {
  const { count, text, lineEnds } = page
  const { literal } = test
  if (literal === undefined || literal.length === 0) {
    for (let index = 0; index < count; index++) {
      if (mask[index] === 0) continue
      const isMatch =
        test.isExact || test.test(text.toString('utf8', index === 0 ? 0 : lineEnds[index - 1], lineEnds[index]))
      if (isMatch === isNegative) mask[index] = 0
    }
    return
  }
  // Walk from hit to hit; the lines between two hits do not contain the literal.
  let line = 0
  let from = 0
  const end = count === 0 ? 0 : lineEnds[count - 1]
  while (line < count) {
    const hit = from < end ? text.indexOf(literal, from) : -1
    const hitLine = hit < 0 || hit >= end ? count : lineAt(lineEnds, hit, line, count)
    if (!isNegative) mask.fill(0, line, hitLine)
    if (hitLine === count) return
    const lineEnd = lineEnds[hitLine]
    if (hit + literal.length > lineEnd) {
      // The literal spans two lines: no match, and the first of them is not decided yet.
      line = hitLine
      from = hit + 1
      if (lineAt(lineEnds, from, line, count) > hitLine) {
        if (!isNegative) mask[hitLine] = 0
        line = hitLine + 1
        from = lineEnd
      }
      continue
    }
    const isMatch =
      mask[hitLine] === 1 &&
      (test.isExact || test.test(text.toString('utf8', hitLine === 0 ? 0 : lineEnds[hitLine - 1], lineEnd)))
    if (isMatch === isNegative) mask[hitLine] = 0
    line = hitLine + 1
    from = lineEnd
  }
}

/** The first line at or after `low` whose end is behind `offset`. */
function lineAt(lineEnds: Uint32Array, offset: number, low: number, count: number): number {
  let first = low
  let last = count
  // Hits are mostly close together: gallop before the binary search.
  let step = 1
  while (first + step < count && lineEnds[first + step - 1] <= offset) {
    first += step
    step *= 2
  }
  last = Math.min(count, first + step)
  while (first < last) {
    const middle = (first + last) >> 1
    if (lineEnds[middle] > offset) last = middle
    else first = middle + 1
  }
  return first
}
