import {
  booleanOverrideProcessor,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldConfigProperty,
  FieldType,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
  type Field,
  type FieldConfigPropertyItem,
  type StandardEditorsRegistryItem,
} from '@grafana/data'

const isNumeric = (field: Field): boolean => field.type === FieldType.number
const always = (): boolean => true
const noEditor = (): null => null

type Process = FieldConfigPropertyItem['process']

function property(
  id: FieldConfigProperty,
  process: unknown,
  extra: { shouldApply?: (field: Field) => boolean; defaultValue?: unknown } = {},
): FieldConfigPropertyItem {
  return {
    id,
    path: id,
    name: id,
    editor: noEditor,
    override: noEditor,
    process: process as Process,
    shouldApply: always,
    settings: {},
    ...extra,
  }
}

/** Grafana's standard field options: how each is applied. None has an editor, dashboards are edited as files. */
function standardProperties(): FieldConfigPropertyItem[] {
  return [
    property(FieldConfigProperty.Unit, unitOverrideProcessor, { shouldApply: isNumeric }),
    property(FieldConfigProperty.Min, numberOverrideProcessor, { shouldApply: isNumeric }),
    property(FieldConfigProperty.Max, numberOverrideProcessor, { shouldApply: isNumeric }),
    property(FieldConfigProperty.FieldMinMax, booleanOverrideProcessor, { shouldApply: isNumeric }),
    property(FieldConfigProperty.Decimals, numberOverrideProcessor, { shouldApply: isNumeric }),
    property(FieldConfigProperty.DisplayName, displayNameOverrideProcessor),
    property(FieldConfigProperty.NoValue, stringOverrideProcessor),
    property(FieldConfigProperty.Color, identityOverrideProcessor),
    property(FieldConfigProperty.Links, dataLinksOverrideProcessor),
    property(FieldConfigProperty.Actions, identityOverrideProcessor),
    property(FieldConfigProperty.Mappings, valueMappingsOverrideProcessor, { defaultValue: [] }),
    property(FieldConfigProperty.Thresholds, thresholdsOverrideProcessor, {
      defaultValue: {
        mode: 'absolute',
        steps: [
          { value: -Infinity, color: 'green' },
          { value: 80, color: 'red' },
        ],
      },
    }),
    property(FieldConfigProperty.Filterable, booleanOverrideProcessor),
  ]
}

/** Option builders look editors up by id while panels are declared, so every id must exist. */
const editorIds = [
  'text',
  'number',
  'slider',
  'boolean',
  'select',
  'multi-select',
  'unit',
  'color',
  'fieldColor',
  'links',
  'actions',
  'mappings',
  'thresholds',
  'strings',
  'timezone',
  'stats-picker',
  'field-name',
  'dashboard-uid',
]

export function installFieldConfig(): void {
  standardEditorsRegistry.setInit(() =>
    editorIds.map((id) => ({ id, name: id, editor: noEditor }) as unknown as StandardEditorsRegistryItem),
  )
  standardFieldConfigEditorRegistry.setInit(standardProperties)
}
