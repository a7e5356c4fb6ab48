import type { StageNode } from '../ast.ts'
import { ERROR_DETAILS_LABEL, ERROR_LABEL, PRESERVE_ERROR_LABEL } from '../engine/entry.ts'
import type { Stage } from './stage.ts'

/** `| drop a, b="x"` and `| keep a, b="x"`. */
export function dropKeepStage(node: Extract<StageNode, { kind: 'drop' | 'keep' }>): Stage {
  const { labels } = node
  if (labels.length === 0) return { run: () => true }
  if (node.kind === 'keep') {
    return {
      run(entry) {
        entry.keepOnly(
          (name, value) =>
            name === ERROR_LABEL ||
            name === ERROR_DETAILS_LABEL ||
            name === PRESERVE_ERROR_LABEL ||
            labels.some((label) => label.name === name && (label.matcher?.matches(value) ?? true)),
        )
        return true
      },
    }
  }
  return {
    run(entry) {
      for (const { name, matcher } of labels) {
        if (!matcher || ((entry.has(name) || entry.get(name) !== '') && matcher.matches(entry.get(name))))
          entry.remove(name)
      }
      return true
    },
  }
}
