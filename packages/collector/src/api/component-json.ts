import type { ComponentView, ShownStatement } from '../graph/index.ts'
import { jsonValue } from '../syntax/index.ts'
import type { ObjectValue } from '../syntax/index.ts'

/** A component in the list, as upstream's `/api/v0/web/components` gives it. */
export function componentSummary(view: ComponentView): object {
  return {
    name: view.name,
    type: 'block',
    localID: view.id,
    moduleID: '',
    label: view.label,
    referencesTo: view.referencesTo,
    referencedBy: view.referencedBy,
    dataFlowEdgesTo: [],
    health: {
      state: view.health.state,
      message: view.health.message,
      updatedTime: new Date(view.health.updatedMs).toISOString(),
    },
    original: '',
    createdModuleIDs: [],
    liveDebuggingEnabled: false,
  }
}

export function componentDetail(view: ComponentView): object {
  return {
    ...componentSummary(view),
    arguments: statements(view.shown),
    exports: attributes(view.exports),
    debugInfo: attributes(view.debugInfo),
  }
}

function statements(shown: readonly ShownStatement[]): object[] {
  return shown.map((statement) =>
    statement.kind === 'attribute'
      ? { name: statement.name, type: 'attr', value: jsonValue(statement.value) }
      : {
          name: statement.name,
          type: 'block',
          ...(statement.label ? { label: statement.label } : {}),
          body: statements(statement.body),
        },
  )
}

function attributes(values: ObjectValue): object[] {
  return [...values].map(([name, value]) => ({ name, type: 'attr', value: jsonValue(value) }))
}
