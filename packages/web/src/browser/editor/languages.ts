import type { Extension } from '@codemirror/state'
import { logQl } from './logql.ts'
import { promQl } from './promql.ts'
import { traceQl } from './traceql.ts'

/** One line per query language, by the type of data source that speaks it. */
const languages: Readonly<Record<string, (dataSourceUid: string) => Extension>> = {
  prometheus: promQl,
  loki: logQl,
  tempo: traceQl,
}

export function languageExtension(type: string, dataSourceUid: string): Extension {
  return languages[type]?.(dataSourceUid) ?? []
}
