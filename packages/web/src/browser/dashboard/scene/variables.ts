import type { VariableRefresh, VariableSort } from '@grafana/data'
import {
  AdHocFiltersVariable,
  ConstantVariable,
  CustomVariable,
  DataSourceVariable,
  IntervalVariable,
  QueryVariable,
  TextBoxVariable,
  type SceneVariable,
} from '@grafana/scenes'
import type { VariableModel } from '../model.ts'

/** @returns nothing for types that are not built yet; their `$name` stays visible in queries, which says enough */
export function buildVariable(model: VariableModel): SceneVariable | undefined {
  const shared = {
    name: model.name,
    label: model.label ?? model.name,
    hide: model.hide ?? 0,
    skipUrlSync: model.skipUrlSync === true,
    ...(model.description ? { description: model.description } : {}),
  }
  const value = model.current?.value ?? ''
  const text = model.current?.text ?? value
  const multi = {
    isMulti: model.multi === true,
    includeAll: model.includeAll === true,
    value,
    text,
    ...(model.allValue ? { allValue: model.allValue } : {}),
  }
  const datasource = model.datasource ? { datasource: model.datasource } : {}
  switch (model.type) {
    case 'query':
      return new QueryVariable({
        ...shared,
        ...multi,
        ...datasource,
        query: model.query as string,
        regex: model.regex ?? '',
        sort: (model.sort ?? 0) as VariableSort,
        // Never refreshing would leave a provisioned dashboard without values: it was saved elsewhere.
        refresh: Math.max(1, model.refresh ?? 1) as VariableRefresh,
        defaultToAll: model.includeAll === true,
      })
    case 'custom':
      return new CustomVariable({ ...shared, ...multi, query: String(model.query ?? '') })
    case 'datasource':
      return new DataSourceVariable({
        ...shared,
        ...multi,
        pluginId: String(model.query ?? ''),
        regex: model.regex ?? '',
      })
    case 'interval':
      return new IntervalVariable({
        ...shared,
        value: String(value),
        intervals: String(model.query ?? '')
          .split(',')
          .map((interval) => interval.trim())
          .filter((interval) => interval !== 'auto'),
        autoEnabled: model.auto === true,
        autoStepCount: model.auto_count ?? 30,
        autoMinInterval: model.auto_min ?? '10s',
      })
    case 'textbox':
      return new TextBoxVariable({ ...shared, value: String(value === '' ? (model.query ?? '') : value) })
    case 'constant':
      return new ConstantVariable({ ...shared, value: String(model.query ?? ''), hide: 2 })
    case 'adhoc':
      return new AdHocFiltersVariable({
        ...shared,
        ...datasource,
        filters: [...(model.filters ?? [])],
        baseFilters: [...(model.baseFilters ?? [])],
        applyMode: 'auto',
        layout: 'combobox',
        allowCustomValue: true,
      })
    default:
      return undefined
  }
}
