import { compareLabels, compareText, labelValue } from '@quartet/model'
import type { StepSeries } from '../steps.ts'

type Compare = (a: StepSeries, b: StepSeries) => number

/** By the value of the only step; NaN comes last either way. */
export function compareByValue(isDescending: boolean): Compare {
  const sign = isDescending ? -1 : 1
  return (left, right) => {
    const a = left.values[0]
    const b = right.values[0]
    if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
    if (Number.isNaN(b)) return -1
    return a === b ? 0 : a < b ? -sign : sign
  }
}

/** By these labels in natural order (`a2` before `a10`), then by all labels. */
export function compareByLabels(names: readonly string[], isDescending: boolean): Compare {
  const sign = isDescending ? -1 : 1
  return (left, right) => {
    for (const name of names) {
      const order = compareNaturally(labelValue(left.labels, name), labelValue(right.labels, name))
      if (order !== 0) return order * sign
    }
    return compareLabels(left.labels, right.labels) * sign
  }
}

function compareNaturally(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? []
  const right = b.match(/\d+|\D+/g) ?? []
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const isNumeric = /^\d/.test(left[index]) && /^\d/.test(right[index])
    const order = isNumeric ? Number(left[index]) - Number(right[index]) : compareText(left[index], right[index])
    if (order !== 0) return order
  }
  return left.length - right.length || compareText(a, b)
}
