import type { ComponentDefinition } from '../graph/index.ts'
import { discoveryRelabel } from './discovery/relabel.ts'
import { fileMatch } from './local/file-match.ts'
import { lokiProcess } from './loki/process.ts'
import { lokiSourceFile } from './loki/source-file.ts'
import { lokiWrite } from './loki/write.ts'
import { otlpExporter } from './otelcol/exporter-otlp.ts'
import { otlpHttpExporter } from './otelcol/exporter-otlphttp.ts'
import { batchProcessor } from './otelcol/processor-batch.ts'
import { otlpReceiver } from './otelcol/receiver-otlp.ts'
import { exporterSelf } from './prometheus/exporter-self.ts'
import { prometheusRemoteWrite } from './prometheus/remote-write.ts'
import { prometheusScrape } from './prometheus/scrape.ts'

/** Every component that is built; a new one is its file, its test and one line here. */
const DEFINITIONS: readonly ComponentDefinition[] = [
  discoveryRelabel,
  exporterSelf,
  fileMatch,
  lokiProcess,
  lokiSourceFile,
  lokiWrite,
  batchProcessor,
  otlpExporter,
  otlpHttpExporter,
  otlpReceiver,
  prometheusRemoteWrite,
  prometheusScrape,
]

export const COMPONENTS: ReadonlyMap<string, ComponentDefinition> = new Map(
  DEFINITIONS.map((definition) => [definition.name, definition]),
)
