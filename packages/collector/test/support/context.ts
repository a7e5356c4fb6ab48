import type { Diagnostic } from '@quartet/query'
import { createSelfMetrics, silentLogger, systemClock } from '@quartet/runtime'
import type { Clock, Logger, SelfMetrics } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import type { Component, ComponentContext, ComponentDefinition, HealthState } from '../../src/graph/index.ts'
import { decodeBlock } from '../../src/graph/index.ts'
import { layeredScope, parseFile, standardLibrary } from '../../src/syntax/index.ts'
import type { Value } from '../../src/syntax/index.ts'

export interface TestContext extends ComponentContext {
  readonly metrics: SelfMetrics
  readonly health: { state: HealthState; message: string }
  readonly logged: { level: string; message: string }[]
  /** Sum of a counter over all its labels. */
  total(name: string): Promise<number>
}

export function testContext(
  options: { clock?: Clock; fileSystem?: FileSystem; dataDirectory?: string } = {},
): TestContext {
  const clock = options.clock ?? systemClock
  const metrics = createSelfMetrics({ clock })
  const health = { state: 'unknown' as HealthState, message: '' }
  const logged: { level: string; message: string }[] = []
  const logger: Logger = {
    ...silentLogger,
    debug: () => undefined,
    info: () => undefined,
    warn: (_fields: unknown, message?: string) => void logged.push({ level: 'warn', message: message ?? '' }),
    error: (_fields: unknown, message?: string) => void logged.push({ level: 'error', message: message ?? '' }),
    child: () => logger,
  }
  return {
    id: 'test.component.default',
    dataDirectory: options.dataDirectory ?? '/data',
    fileSystem: options.fileSystem ?? nodeFileSystem,
    clock,
    logger,
    metrics,
    selfAddress: '127.0.0.1:1',
    exportsChanged: () => undefined,
    setHealth: (state, message) => Object.assign(health, { state, message }),
    health,
    logged,
    async total(name) {
      const metric = (await metrics.registry.getMetricsAsJSON()).find((found) => found.name === name)
      return (metric?.values ?? []).reduce((sum, { value }) => sum + Number(value), 0)
    },
  }
}

/** Decodes a block's body and builds the component; `names` are what its expressions can refer to. */
export function buildComponent<T>(
  definition: ComponentDefinition<T>,
  context: ComponentContext,
  text: string,
  names: Readonly<Record<string, Value>> = {},
): Component<T> {
  return definition.build(context, decodeSettings(definition, text, names))
}

/** @throws Error with all errors */
export function decodeSettings<T>(
  definition: ComponentDefinition<T>,
  text: string,
  names: Readonly<Record<string, Value>> = {},
): T {
  const { value, found } = decode(definition, text, names)
  const errors = found.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '))
  return value
}

/** What is said about arguments that change nothing, as `line: message`. */
export function warnings(
  definition: ComponentDefinition,
  text: string,
  names: Readonly<Record<string, Value>> = {},
): string[] {
  return decode(definition, text, names)
    .found.filter(({ severity }) => severity === 'warning')
    .map(({ message, range }) => `${text.slice(0, range.start).split('\n').length}: ${message}`)
}

function decode<T>(
  definition: ComponentDefinition<T>,
  text: string,
  names: Readonly<Record<string, Value>>,
): { value: T; found: readonly Diagnostic[] } {
  const { file, diagnostics } = parseFile('test.alloy', text)
  const found = [...diagnostics]
  const scope = layeredScope(new Map(Object.entries(names)), standardLibrary({}))
  const { value } = decodeBlock(file, definition.schema, scope, found)
  return { value, found }
}

/** Waits for something that real time or sockets bring about, without a fixed sleep. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 5000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`timed out waiting for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
