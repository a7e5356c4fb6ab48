import { TemplateError } from '@quartet/query'
import type { StageNode } from '../ast.ts'
import { decolorizeStage } from './decolorize.ts'
import { dropKeepStage } from './drop-keep.ts'
import { jsonStage } from './json.ts'
import { labelFilterStage } from './label-filter.ts'
import { labelFormatStage, lineFormatStage } from './line-format.ts'
import { lineFilterStage } from './line-filter.ts'
import { logfmtStage } from './logfmt.ts'
import { patternStage } from './pattern.ts'
import { regexpStage } from './regexp.ts'
import { StageError } from './stage.ts'
import type { Stage } from './stage.ts'
import { unpackStage } from './unpack.ts'

/** Builds the stage that a node of the syntax tree stands for. @throws StageError */
export function buildStage(node: StageNode, nowNs: () => bigint): Stage {
  switch (node.kind) {
    case 'line':
      return lineFilterStage(node)
    case 'json':
      return jsonStage(node)
    case 'logfmt':
      return logfmtStage(node)
    case 'pattern':
      return patternStage(node)
    case 'regexp':
      return regexpStage(node)
    case 'unpack':
      return unpackStage()
    case 'decolorize':
      return decolorizeStage()
    case 'label_filter':
      return labelFilterStage(node)
    case 'line_format':
      return lineFormatStage(node, nowNs)
    case 'label_format':
      return labelFormatStage(node, nowNs)
    default:
      return dropKeepStage(node)
  }
}

const PARSER_NAMES: Partial<Record<StageNode['kind'], string>> = {
  json: 'json expression parser',
  logfmt: 'logfmt expression parser',
  pattern: 'pattern parser',
  regexp: 'regexp parser',
}

/** Why a stage cannot be built, in upstream's words; undefined when it can. */
export function checkStage(node: StageNode): string | undefined {
  try {
    buildStage(node, () => 0n)
    return undefined
  } catch (error) {
    if (!(error instanceof StageError) && !(error instanceof TemplateError)) throw error
    const parser = PARSER_NAMES[node.kind]
    return parser === undefined ? error.message : `invalid ${parser}: ${error.message}`
  }
}
