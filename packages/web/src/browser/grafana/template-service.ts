import type { ScopedVars, TimeRange, TypedVariableModel } from '@grafana/data'
import type { TemplateSrv } from '@grafana/runtime'

export type ValueFormat = string | ((value: unknown) => string) | undefined
type Interpolator = (text: string, scopedVars: ScopedVars, format: ValueFormat) => string

let interpolateInScene: Interpolator | undefined

/** The dashboard runtime says how variables of a dashboard are filled in; until then only scoped variables are. */
export function setSceneInterpolator(interpolator: Interpolator): void {
  interpolateInScene = interpolator
}

/**
 * Fills in `$name`, `${name}`, `${name:format}` and `[[name]]`. Within a dashboard its variables and scoped variables
 * apply, elsewhere only the scoped ones. Names that nobody knows stay as they are.
 */
export function interpolate(text: string, scopedVars: ScopedVars = {}, format?: ValueFormat): string {
  if (text === '') return text
  if (interpolateInScene && scopedVars['__sceneObject']) return interpolateInScene(text, scopedVars, format)
  return text.replace(
    variablePattern,
    (match: string, plain?: string, square?: string, curly?: string, path?: string) => {
      const name = plain ?? square ?? curly
      const variable = name === undefined ? undefined : scopedVars[name]
      if (variable === undefined) return match
      const value: unknown = path === undefined ? variable.value : memberAt(variable.value, path)
      if (value === undefined) return match
      return typeof format === 'function' ? format(value) : String(value)
    },
  )
}

/** `raw` or `labels.job` of a scoped variable's value. */
function memberAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
      value,
    )
}

const variablePattern = /\$(\w+)|\[\[(\w+?)(?::\w+)?\]\]|\$\{(\w+)(?:\.([\w.]+))?(?::[^}]+)?\}/g

export const templateService: TemplateSrv = {
  getVariables: (): TypedVariableModel[] => [],
  replace: (target?: string, scopedVars?: ScopedVars, format?: string | Function) =>
    interpolate(target ?? '', scopedVars, format as ValueFormat),
  containsTemplate: (target?: string) => {
    variablePattern.lastIndex = 0
    return target !== undefined && variablePattern.test(target)
  },
  updateTimeRange: (_range: TimeRange) => undefined,
}
