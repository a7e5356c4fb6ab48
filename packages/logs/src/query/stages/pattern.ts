import type { StageNode } from '../ast.ts'
import { checkPattern, matchPattern, parsePattern } from './pattern-expression.ts'
import type { Stage } from './stage.ts'

/** `| pattern "<ip> - <_> <status>"`. @throws StageError */
export function patternStage(node: Extract<StageNode, { kind: 'regexp' | 'pattern' }>): Stage {
  const parts = parsePattern(node.pattern)
  checkPattern(parts, 'stage')
  const names = parts.flatMap((part) => ('capture' in part && part.capture !== '_' ? [part.capture] : []))
  return {
    run(entry) {
      entry.extracted.clear()
      const captures = matchPattern(parts, entry.line)
      if (captures) for (const [index, value] of captures.entries()) entry.extract(names[index], value)
      return true
    },
  }
}
