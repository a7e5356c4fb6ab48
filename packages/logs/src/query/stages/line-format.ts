import { parseTemplate, TemplateError } from '@quartet/query'
import type { Template } from '@quartet/query'
import type { StageNode } from '../ast.ts'
import type { Entry } from '../engine/entry.ts'
import { lineFunctions } from '../template/functions.ts'
import { StageError } from './stage.ts'
import type { Stage } from './stage.ts'

const TEMPLATE_ERROR = 'TemplateFormatErr'
const FIELD_ONLY = /^\{\{\s*\.([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}$/

/** `| line_format "{{.status}} {{.path}}"`. @throws StageError */
export function lineFormatStage(node: Extract<StageNode, { kind: 'line_format' }>, nowNs: () => bigint): Stage {
  const field = FIELD_ONLY.exec(node.template)?.[1]
  if (field !== undefined) {
    return {
      run(entry) {
        entry.line = entry.get(field)
        return true
      },
    }
  }
  const format = entryTemplate('line', node.template, nowNs)
  return {
    run(entry) {
      const text = format(entry)
      if (text !== undefined) entry.line = text
      return true
    },
  }
}

/** `| label_format dst=src, other="{{.x}}"`. @throws StageError */
export function labelFormatStage(node: Extract<StageNode, { kind: 'label_format' }>, nowNs: () => bigint): Stage {
  const formats = node.formats.map((format) =>
    'rename' in format
      ? { name: format.name, rename: format.rename, run: undefined }
      : { name: format.name, rename: undefined, run: entryTemplate('label', format.template, nowNs) },
  )
  return {
    run(entry) {
      for (const { name, rename, run } of formats) {
        if (rename !== undefined) {
          if (!entry.has(rename)) continue
          const value = entry.get(rename)
          entry.set(name, value)
          entry.remove(rename)
        } else {
          const text = run?.(entry)
          if (text !== undefined) entry.set(name, text)
        }
      }
      return true
    },
  }
}

/** A template over an entry's labels; a failure marks the entry. */
function entryTemplate(name: string, text: string, nowNs: () => bigint): (entry: Entry) => string | undefined {
  let current: Entry | undefined
  const functions = lineFunctions({
    line: () => current?.line ?? '',
    timeNs: () => current?.timeNs ?? 0n,
    nowNs,
  })
  let template: Template
  try {
    template = parseTemplate(name, text, functions, { missingKey: 'zero' })
  } catch (error) {
    if (error instanceof TemplateError) throw new StageError(`invalid ${name} template: ${error.message}`)
    throw error
  }
  return (entry) => {
    current = entry
    try {
      return template.execute(new Map(entry.labels()))
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      entry.fail(TEMPLATE_ERROR, error.message)
      return undefined
    } finally {
      current = undefined
    }
  }
}
