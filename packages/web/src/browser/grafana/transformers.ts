import {
  standardTransformers,
  standardTransformersRegistry,
  TransformerCategory,
  type DataTransformerInfo,
  type TransformerRegistryItem,
} from '@grafana/data'

/** Every transformation that the library implements, and the old names that dashboards still use. */
export function installTransformers(): void {
  standardTransformersRegistry.setInit(() => {
    const byId = new Map<string, DataTransformerInfo>()
    for (const transformer of Object.values(standardTransformers) as DataTransformerInfo[]) {
      byId.set(transformer.id, transformer)
    }
    // Renamed by Grafana 9; same options.
    const renamed: DataTransformerInfo = { ...standardTransformers.joinByFieldTransformer, id: 'seriesToColumns' }
    if (!byId.has(renamed.id)) byId.set(renamed.id, renamed)
    return [...byId.values()].map(registryItem)
  })
}

function registryItem(transformer: DataTransformerInfo): TransformerRegistryItem {
  return {
    id: transformer.id,
    name: transformer.name,
    transformation: transformer,
    editor: () => null,
    categories: new Set([TransformerCategory.Reformat]),
    imageDark: '',
    imageLight: '',
  } as unknown as TransformerRegistryItem
}
