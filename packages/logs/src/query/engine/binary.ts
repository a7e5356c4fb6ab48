import { compareText, labelsKey } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import type { BinaryOperation, MetricNode, VectorMatching } from '../ast.ts'
import { LogqlExecutionError } from '../errors.ts'
import { arithmetic, compareNumbers, isComparison } from './arithmetic.ts'
import { createSeries } from './series.ts'
import type { Series } from './series.ts'

type BinaryNode = Extract<MetricNode, { kind: 'binary' }>

/** A scalar is a number; a vector is series. */
export type Operand = number | readonly Series[]

export function binary(node: BinaryNode, left: Operand, right: Operand, steps: number): Operand {
  if (typeof left === 'number' && typeof right === 'number') {
    return isComparison(node.operation)
      ? Number(compareNumbers(node.operation, left, right))
      : arithmetic(node.operation, left, right)
  }
  if (typeof left === 'number' || typeof right === 'number') return withScalar(node, left, right, steps)
  switch (node.operation) {
    case 'and':
    case 'or':
    case 'unless':
      return setOperation(node.operation, left, right, { matching: node.matching, steps })
    default:
      return vectorOperation(node, left, right, steps)
  }
}

function withScalar(node: BinaryNode, left: Operand, right: Operand, steps: number): Series[] {
  const { operation } = node
  const vector = (typeof left === 'number' ? right : left) as readonly Series[]
  const results: Series[] = []
  for (const series of vector) {
    const output = createSeries(series.labels, steps)
    let isAny = false
    for (let step = 0; step < steps; step++) {
      if (series.present[step] === 0) continue
      const a = typeof left === 'number' ? left : series.values[step]
      const b = typeof right === 'number' ? right : series.values[step]
      const value = combine(operation, a, b, { returnBool: node.returnBool, kept: series.values[step] })
      if (value === undefined) continue
      output.present[step] = 1
      output.values[step] = value
      isAny = true
    }
    if (isAny) results.push(output)
  }
  return results
}

function combine(
  operation: BinaryOperation,
  a: number,
  b: number,
  options: { returnBool: boolean; kept: number },
): number | undefined {
  if (!isComparison(operation)) return arithmetic(operation, a, b)
  const holds = compareNumbers(operation, a, b)
  if (options.returnBool) return Number(holds)
  return holds ? options.kept : undefined
}

function signature(labels: Labels, matching: VectorMatching | undefined): string {
  if (!matching) return labelsKey(labels)
  return labelsKey(labels.filter(([name]) => matching.labels.includes(name) === matching.on))
}

function setOperation(
  operation: 'and' | 'or' | 'unless',
  left: readonly Series[],
  right: readonly Series[],
  options: { matching: VectorMatching | undefined; steps: number },
): Series[] {
  const { matching, steps } = options
  const other = new Map<string, Uint8Array>()
  for (const series of operation === 'or' ? left : right) {
    const key = signature(series.labels, matching)
    const present = other.get(key) ?? new Uint8Array(steps)
    for (let step = 0; step < steps; step++) present[step] |= series.present[step]
    other.set(key, present)
  }
  const filtered = (series: Series, keepWhenPresent: boolean): Series | undefined => {
    const present = other.get(signature(series.labels, matching))
    if (!present) return keepWhenPresent ? undefined : series
    const output = createSeries(series.labels, steps)
    let isAny = false
    for (let step = 0; step < steps; step++) {
      if (series.present[step] === 0 || (present[step] === 1) !== keepWhenPresent) continue
      output.present[step] = 1
      output.values[step] = series.values[step]
      isAny = true
    }
    return isAny ? output : undefined
  }
  const pick = (series: readonly Series[], keep: boolean): Series[] =>
    series.flatMap((one) => filtered(one, keep) ?? [])
  return operation === 'or' ? mergeSame([...left, ...pick(right, false)], steps) : pick(left, operation === 'and')
}

/** The same label set may come from both sides at different steps. */
function mergeSame(series: readonly Series[], steps: number): Series[] {
  const byKey = new Map<string, Series>()
  for (const one of series) {
    const known = byKey.get(one.key)
    if (!known) {
      byKey.set(one.key, one)
      continue
    }
    const merged = createSeries(known.labels, steps)
    for (const from of [one, known]) {
      for (let step = 0; step < steps; step++) {
        if (from.present[step] === 0) continue
        merged.present[step] = 1
        merged.values[step] = from.values[step]
      }
    }
    byKey.set(one.key, merged)
  }
  return [...byKey.values()]
}

function vectorOperation(node: BinaryNode, left: readonly Series[], right: readonly Series[], steps: number): Series[] {
  const { operation, matching } = node
  const isSwapped = matching?.card === 'one-to-many'
  const [many, one] = isSwapped ? [right, left] : [left, right]
  const isGrouped = matching !== undefined && matching.card !== 'one-to-one'
  const ones = new Map<string, Series[]>()
  for (const series of one) {
    const key = signature(series.labels, matching)
    const group = ones.get(key)
    if (group) group.push(series)
    else ones.set(key, [series])
  }
  const outputs = new Map<string, Series>()
  const used = new Map<string, Uint8Array>()
  for (const series of many) {
    const key = signature(series.labels, matching)
    for (const partner of ones.get(key) ?? []) {
      const labels = resultLabels(series.labels, partner.labels, matching, isComparison(operation) && !node.returnBool)
      const outputKey = labelsKey(labels)
      const output = outputs.get(outputKey) ?? createSeries(labels, steps)
      const steps_ = used.get(isGrouped ? outputKey : key) ?? new Uint8Array(steps)
      used.set(isGrouped ? outputKey : key, steps_)
      let isAny = outputs.has(outputKey)
      for (let step = 0; step < steps; step++) {
        if (series.present[step] === 0 || partner.present[step] === 0) continue
        if (steps_[step] === 1)
          throw new LogqlExecutionError(
            isGrouped
              ? 'multiple matches for labels: grouping labels must ensure unique matches'
              : 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
          )
        steps_[step] = 1
        const a = isSwapped ? partner.values[step] : series.values[step]
        const b = isSwapped ? series.values[step] : partner.values[step]
        const value = combine(operation, a, b, { returnBool: node.returnBool, kept: a })
        if (value === undefined) continue
        output.present[step] = 1
        output.values[step] = value
        isAny = true
      }
      if (isAny) outputs.set(outputKey, output)
    }
  }
  checkOneSide(ones, steps)
  return [...outputs.values()]
}

function checkOneSide(ones: ReadonlyMap<string, readonly Series[]>, steps: number): void {
  for (const group of ones.values()) {
    if (group.length < 2) continue
    for (let step = 0; step < steps; step++) {
      let count = 0
      for (const series of group) count += series.present[step]
      if (count > 1)
        throw new LogqlExecutionError(
          'found duplicate series on the right hand-side;many-to-many matching not allowed: matching labels must be unique on one side',
        )
    }
  }
}

function resultLabels(many: Labels, one: Labels, matching: VectorMatching | undefined, keepAll: boolean): Labels {
  if (!matching) return many
  if (matching.card === 'one-to-one') {
    if (keepAll && matching.on) return many.filter(([name]) => matching.labels.includes(name))
    return many.filter(([name]) => matching.labels.includes(name) === matching.on)
  }
  const byName = new Map<string, string>(many)
  const others = new Map<string, string>(one)
  for (const name of matching.include) {
    const value = others.get(name)
    if (value === undefined) byName.delete(name)
    else byName.set(name, value)
  }
  return ([...byName] as Label[]).sort((a, b) => compareText(a[0], b[0]))
}
