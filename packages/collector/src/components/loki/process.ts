import { labelsFromPairs } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import { body, required, stages } from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import { logsReceivers, pushToAll, receiverExport } from './receiver.ts'
import type { LogEntry } from './receiver.ts'
import { stageKit } from './stages/registry.ts'
import type { Stage, StagedEntry } from './stages/stage.ts'

const schema = body({
  forward_to: required(logsReceivers),
  stage: stages(() => stageKit.schemas()),
  ...stageKit.members,
})

type Settings = Decoded<typeof schema>

/** Parses, changes and drops log lines, stage by stage. Keeps nothing: lines count as taken over when what follows has them. */
export const lokiProcess: ComponentDefinition<Settings> = {
  name: 'loki.process',
  schema,
  build(context, first) {
    let settings = first
    let run = runner(context, first)
    const receiver = {
      async push(entries: readonly LogEntry[]): Promise<void> {
        const kept = entries.map(run).filter((entry) => entry !== undefined)
        if (kept.length > 0) await pushToAll(settings.forward_to, kept)
      },
    }
    return {
      exports: receiverExport(receiver),
      start: async () => undefined,
      async update(next) {
        settings = next
        run = runner(context, next)
      },
      stop: async () => undefined,
    }
  },
}

function runner(context: ComponentContext, settings: Settings): (entry: LogEntry) => LogEntry | undefined {
  const counter = context.metrics.counter(
    'loki_process_dropped_lines_total',
    'A count of all log lines dropped as a result of a pipeline stage',
    ['component_id', 'reason'],
  )
  const stage = stageKit.create(settings.stage, {
    nowNs: () => context.clock.nowNs(),
    dropped: (reason) => counter.inc({ component_id: context.id, reason }),
  })
  return (entry) => process(entry, stage)
}

function process(entry: LogEntry, stage: Stage): LogEntry | undefined {
  const { line, timestampNs } = entry
  const labels = new Map(entry.labels)
  // Labels count as extracted from the beginning, as upstream has it.
  const staged: StagedEntry = {
    labels,
    extracted: new Map(labels),
    metadata: new Map(entry.metadata),
    line,
    timestampNs,
  }
  if (!stage(staged)) return undefined
  return { ...staged, labels: toLabels(staged.labels), metadata: toLabels(staged.metadata) }
}

function toLabels(pairs: ReadonlyMap<string, string>): Labels {
  return labelsFromPairs(pairs as Iterable<Label>)
}
