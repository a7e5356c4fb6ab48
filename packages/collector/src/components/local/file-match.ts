import { glob, stat } from 'node:fs/promises'
import type { Timer } from '@quartet/runtime'
import { body, required, type, withDefault } from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import { valuesEqual } from '../../syntax/index.ts'
import type { Value } from '../../syntax/index.ts'

const schema = body({
  path_targets: required(type.targets),
  sync_period: withDefault(type.duration, 10_000),
  ignore_older_than: withDefault(type.duration, 0),
})

type Settings = Decoded<typeof schema>

const MAX_MATCHES = 10_000

/** Finds files by patterns (`*`, `**`, `?`, `{a,b}`) and exports one target per file; looks again every `sync_period`. */
export const fileMatch: ComponentDefinition<Settings> = {
  name: 'local.file_match',
  schema,
  build(context, first) {
    let settings = first
    let targets: Value = []
    let timer: Timer | undefined
    const look = async (): Promise<void> => {
      const found = await findTargets(context, settings)
      if (valuesEqual(found, targets)) return
      targets = found
      context.exportsChanged()
    }
    const start = async (): Promise<void> => {
      await look()
      timer = context.clock.every(settings.sync_period, () => {
        look().then(
          () => context.setHealth('healthy', 'looked for files'),
          (error: unknown) => context.setHealth('unhealthy', `cannot look for files: ${(error as Error).message}`),
        )
      })
    }
    return {
      get exports() {
        return new Map([['targets', targets]])
      },
      start,
      async update(next) {
        timer?.cancel()
        settings = next
        await start()
      },
      async stop() {
        timer?.cancel()
      },
    }
  },
}

async function findTargets(context: ComponentContext, settings: Settings): Promise<Value> {
  const found: Value[] = []
  const oldestMs = settings.ignore_older_than > 0 ? context.clock.nowMs() - settings.ignore_older_than : 0
  for (const target of settings.path_targets) {
    const pattern = target.__path__ ?? ''
    for (const path of await matches(pattern, target.__path_exclude__)) {
      if (found.length >= MAX_MATCHES) {
        context.logger.warn({ pattern, limit: MAX_MATCHES }, 'more files match than are watched')
        return found
      }
      const info = await stat(path).catch(() => undefined) // gone since it was listed
      if (!info?.isFile() || info.mtimeMs < oldestMs) continue
      found.push(
        new Map<string, Value>([
          ...Object.entries(target).filter(([name]) => name !== '__path_exclude__'),
          ['__path__', path],
        ]),
      )
    }
  }
  return found
}

async function matches(pattern: string, exclude: string | undefined): Promise<string[]> {
  const paths: string[] = []
  for await (const path of glob(pattern, exclude ? { exclude: [exclude] } : {})) paths.push(path)
  return paths.sort()
}
