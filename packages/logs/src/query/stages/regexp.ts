import { compileRegex, RegexError } from '@quartet/query'
import type { Regex } from '@quartet/query'
import type { StageNode } from '../ast.ts'
import { sanitizeLabelKey } from './label-key.ts'
import { StageError } from './stage.ts'
import type { Stage } from './stage.ts'

/** `| regexp "(?P<status>\\d+)"`: named groups become labels. @throws StageError */
export function regexpStage(node: Extract<StageNode, { kind: 'regexp' | 'pattern' }>): Stage {
  const { regex, names } = compileNamed(node.pattern)
  return {
    run(entry) {
      entry.extracted.clear()
      const match = regex.exec(entry.line)
      if (match) {
        for (const [index, name] of names.entries()) {
          if (name !== '') entry.extract(sanitizeLabelKey(name, true), match.groups[index] ?? '')
        }
      }
      return true
    },
  }
}

function compileNamed(pattern: string): { regex: Regex; names: readonly string[] } {
  try {
    const regex = compileRegex(pattern)
    const names = regex.groupNames
    const given = names.filter((name) => name !== '')
    if (given.length === 0) throw new StageError('at least one named capture must be supplied')
    const repeated = given.find((name, index) => given.indexOf(name) !== index)
    if (repeated !== undefined) throw new StageError(`duplicate extracted label name '${repeated}'`)
    return { regex, names }
  } catch (error) {
    if (error instanceof RegexError) throw new StageError(error.message)
    throw error
  }
}
