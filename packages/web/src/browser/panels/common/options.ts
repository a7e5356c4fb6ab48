import {
  identityOverrideProcessor,
  type FieldConfigEditorBuilder,
  type PanelOptionsEditorBuilder,
  type PanelPlugin,
} from '@grafana/data'

const noEditor = (): null => null

/**
 * Declares a panel's own field options (`custom.*`) with their defaults. An option that is not declared is dropped from
 * every dashboard without a word, so each panel lists all that Grafana has, also those it does not draw.
 */
export function customFieldOptions(defaults: Readonly<Record<string, unknown>>) {
  return <T>(builder: FieldConfigEditorBuilder<T>): void => {
    for (const [path, defaultValue] of Object.entries(defaults)) {
      builder.addCustomEditor({
        id: path,
        path: path as never,
        name: path,
        editor: noEditor,
        override: noEditor,
        process: identityOverrideProcessor,
        shouldApply: () => true,
        defaultValue,
        settings: {},
      } as never)
    }
  }
}

/** Declares panel options with their defaults. */
export function panelOptions<T extends object>(plugin: PanelPlugin<T>, defaults: T): PanelPlugin<T> {
  return plugin.setPanelOptions((builder: PanelOptionsEditorBuilder<T>) => {
    for (const [path, defaultValue] of Object.entries(defaults)) {
      builder.addCustomEditor({ id: path, path: path as never, name: path, editor: noEditor, defaultValue } as never)
    }
  })
}
