import type { Labels } from '@quartet/model'
import type { LabelMatcher } from '../config/matcher/label-matcher.ts'

/** Whether labels pass the filters of a request; an empty value asks whether the label is there. */
export function matchFilter(matchers: readonly LabelMatcher[], labels: Labels): boolean {
  return matchers.every((matcher) => {
    const value = labels.find(([name]) => name === matcher.name)?.[1]
    const isPresent = value !== undefined
    if (matcher.value === '' && matcher.isEqual !== isPresent) return true
    return matcher.matches(value ?? '')
  })
}
