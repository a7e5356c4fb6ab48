import { ConfigError } from '@quartet/runtime'
import type { CheckOptions, Finding, SystemDefinition } from '@quartet/runtime'
import { ALERTS_FLAGS } from './config/flags.ts'
import type * as tool from './tool.ts'

/** Modules are loaded when the system starts, so that the command line stays quick without it. */
export const system: SystemDefinition = {
  name: 'alerts',
  aliases: ['alertmanager'],
  upstream: 'Alertmanager 0.30.0',
  // A few megabytes of state and no heavy work: a thread of its own would cost more than it saves.
  heapLimitMb: undefined,
  flags: ALERTS_FLAGS,
  async start(options) {
    const { startAlerts } = await import('./service.ts')
    return startAlerts(options)
  },
  check,
}

async function check({ flags, stackDirectory }: CheckOptions): Promise<readonly Finding[]> {
  const [{ loadConfig }, { environmentOf, readSettings }, { RECEIVER_KINDS }, { NotificationTemplates }] =
    await Promise.all([
      import('./config/alertmanager-config.ts'),
      import('./config/flags.ts'),
      import('./notify/registry.ts'),
      import('./notify/template/notification-templates.ts'),
    ])
  try {
    const settings = readSettings(flags)
    const { configFile, mode, notices } = settings
    const environment = environmentOf(settings, stackDirectory)
    const { config, findings } = await loadConfig({
      path: configFile,
      mode,
      environment,
      receiverTypes: RECEIVER_KINDS,
    })
    await NotificationTemplates.load(config.templates, () => 0)
    return [...findings, ...notices.map((message) => ({ severity: 'warning', at: undefined, message }) as const)]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => {
      const [, at, message] = /^(?:(.*?:\d+:\d+): )?error: ([^]*)$/.exec(problem) ?? [undefined, undefined, problem]
      return { severity: 'error', at, message }
    })
  }
}

/** What `quartet amtool` does without a server; loaded when it is wanted. */
export function loadTool(): Promise<typeof tool> {
  return import('./tool.ts')
}
