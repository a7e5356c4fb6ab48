import type { Labels } from '@quartet/model'
import { labelsFromPairs, labelValue } from '@quartet/model'
import { compileRegex, expandTemplate, quoteGo, RegexError } from '@quartet/query'
import { EvaluationError } from '../errors.ts'

/** What label_replace or label_join makes of one label set. */
export type Relabel = (labels: Labels) => Labels

export function labelReplace(args: readonly string[]): Relabel {
  const [destination, replacement, source, pattern] = args
  const regex = compile(pattern)
  if (!isLabelName(destination)) {
    throw new EvaluationError(`invalid destination label name in label_replace(): ${destination}`)
  }
  return (labels) => {
    const match = regex.exec(labelValue(labels, source))
    if (match === undefined) return labels
    const value = expandTemplate(replacement, match.groups, regex.groupNames)
    return setLabel(labels, destination, value)
  }
}

function compile(pattern: string): ReturnType<typeof compileRegex> {
  try {
    return compileRegex(pattern, { anchored: true, dotAll: true })
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    throw new EvaluationError(`invalid regular expression in label_replace(): ${pattern}`)
  }
}

export function labelJoin(args: readonly string[]): Relabel {
  const [destination, separator, ...sources] = args
  if (!isLabelName(destination))
    throw new EvaluationError(`invalid destination label name in label_join(): ${destination}`)
  const empty = sources.find((name) => name === '')
  if (empty !== undefined) throw new EvaluationError(`invalid source label name in label_join(): ${quoteGo(empty)}`)
  return (labels) => {
    const value = sources.map((name) => labelValue(labels, name)).join(separator)
    return setLabel(labels, destination, value)
  }
}

/** Any UTF-8 text; bytes that were none have become U+FFFD when the literal was read. */
function isLabelName(name: string): boolean {
  return name !== '' && !name.includes('\ufffd')
}

function setLabel(labels: Labels, name: string, value: string): Labels {
  return labelsFromPairs([...labels.filter(([other]) => other !== name), [name, value]])
}
