import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSelfMetrics, silentLogger, systemClock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import { Capsule, standardLibrary } from '../syntax/index.ts'
import type { Value } from '../syntax/index.ts'
import type { ComponentContext, ComponentDefinition } from './component.ts'
import { Controller, GraphError } from './controller.ts'
import { blocks, body, optional, optionalBlock, required, withDefault } from './schema.ts'
import * as type from './attribute-type.ts'

/** Two kinds of components that record what happens to them. */
function world(options: { failingStart?: string } = {}): {
  controller: Controller
  log: string[]
  export: (id: string, value: Value) => void
  load: (text: string) => Promise<void>
} {
  const log: string[] = []
  const running = new Map<string, { context: ComponentContext; set(value: Value): void }>()
  const source: ComponentDefinition<{ value: string }> = {
    name: 'test.source',
    schema: body({ value: withDefault(type.text, 'none') }),
    build(context, settings) {
      let exported: Value = settings.value
      running.set(context.id, { context, set: (value) => (exported = value) })
      return {
        get exports() {
          return new Map<string, Value>([
            ['value', exported],
            ['place', new Capsule('place', 'test.Place', context.id)],
          ])
        },
        async start() {
          if (context.id === options.failingStart) throw new Error('port taken')
          log.push(`start ${context.id}`)
        },
        async update(next) {
          log.push(`update ${context.id} ${next.value}`)
          exported = next.value
          context.exportsChanged()
        },
        async stop() {
          log.push(`stop ${context.id}`)
        },
      }
    },
  }
  const rule = body({ name: required(type.text) })
  const sink: ComponentDefinition<{ input: string; rule: readonly { name: string }[] }> = {
    name: 'test.sink',
    schema: body({
      input: required(type.text),
      forward_to: optional(type.list(type.capsule<string>('place', 'test.Place'))),
      rule: blocks(() => rule),
      client: optionalBlock(() => body({ timeout: withDefault(type.duration, 5000) })),
    }),
    build: (context, settings) => ({
      exports: new Map([['echo', settings.input]]),
      start: async () => void log.push(`start ${context.id} ${settings.input}`),
      update: async (next) => void log.push(`update ${context.id} ${next.input}`),
      stop: async () => void log.push(`stop ${context.id}`),
    }),
  }
  const controller = new Controller({
    registry: new Map<string, ComponentDefinition>([
      [source.name, source as ComponentDefinition],
      [sink.name, sink as ComponentDefinition],
    ]),
    upstreamNames: new Set(['loki.source.kafka']),
    upstreamBlocks: new Set(['declare']),
    services: new Set(['logging']),
    stability: 'generally-available',
    library: standardLibrary({}),
    logger: silentLogger,
    nowMs: () => 0,
    checkService: () => () => undefined,
    contextFor: () => ({
      dataDirectory: '/nowhere',
      fileSystem: nodeFileSystem,
      clock: systemClock,
      logger: silentLogger,
      metrics: createSelfMetrics({ clock: systemClock }),
      selfAddress: '127.0.0.1:0',
    }),
  })
  return {
    controller,
    log,
    load: (text) => controller.load('main.alloy', text, { failOnStart: false }),
    export(id, value) {
      running.get(id)!.set(value)
      running.get(id)!.context.exportsChanged()
    },
  }
}

const problems = async (text: string): Promise<readonly string[]> => {
  const failure = await world()
    .load(text)
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  assert.ok(failure instanceof GraphError)
  return failure.problems
}

test('starts what is referred to before what refers to it, and stops in the opposite order', async () => {
  const { controller, load, log } = world()
  await load('test.sink "b" { input = test.source.a.value + "!" }\ntest.source "a" { value = "hello" }')
  assert.deepEqual(log, ['start test.source.a', 'start test.sink.b hello!'])
  log.length = 0
  await controller.stop()
  assert.deepEqual(log, ['stop test.sink.b', 'stop test.source.a'])
})

test('all problems arrive together, each with line and column', async () => {
  assert.deepEqual(
    await problems(`test.sink "b" {
  inputs = 1
  client { timeout = "5x" }
  rule "labelled" { }
}
test.nothing "x" { }
loki.source.kafka "k" { }
declare "d" { }
test.source "a" { value = test.source.missing.value }
test.source "a" { }
test.sink { input = "" }
`),
    [
      'main.alloy:1:1: error: missing required attribute "input"',
      'main.alloy:2:3: error: unrecognized attribute name "inputs"',
      'main.alloy:4:3: error: block "rule" does not support specifying labels',
      'main.alloy:6:1: error: cannot find the definition of component name "test.nothing"',
      'main.alloy:7:1: error: component "loki.source.kafka" exists in Alloy 1.12.1 but is not supported by Quartet yet',
      'main.alloy:8:1: error: block "declare" exists in Alloy 1.12.1 but is not supported by Quartet yet',
      'main.alloy:9:27: error: component "test.source.missing.value" does not exist or is out of scope',
      'main.alloy:10:1: error: block test.source.a already declared at main.alloy:9:1',
      'main.alloy:11:1: error: component "test.sink" must have a label',
    ],
  )
})

test('values that do not fit are told at their place', async () => {
  assert.deepEqual(
    await problems(
      'test.sink "b" {\n  input = [1]\n  forward_to = [test.source.a.place, test.source.a.value]\n  client { timeout = "5x" }\n}\ntest.source "a" { }',
    ),
    [
      'main.alloy:2:11: error: [1] should be string, got array',
      'main.alloy:3:38: error: test.source.a.value expected capsule("test.Place"), got string',
      'main.alloy:4:22: error: "5x" time: unknown unit "x" in duration "5x"',
    ],
  )
})

test('a cycle is told at every block on it', async () => {
  assert.deepEqual(
    await problems(
      'test.source "a" { value = test.source.b.value }\ntest.source "b" { value = test.source.a.value }\ntest.source "c" { value = test.source.c.value }',
    ),
    [
      'main.alloy:1:1: error: cycle: test.source.a, test.source.b',
      'main.alloy:2:1: error: cycle: test.source.a, test.source.b',
      'main.alloy:3:1: error: component references itself',
    ],
  )
})

test('new exports evaluate again what refers to them', async () => {
  const { controller, load, log, ...world_ } = world()
  await load(
    'test.source "a" { }\ntest.source "b" { value = test.source.a.value }\ntest.sink "c" { input = test.source.b.value }',
  )
  log.length = 0
  world_.export('test.source.a', 'new')
  await controller.settled()
  assert.deepEqual(log, ['update test.source.b new', 'update test.sink.c new'])
})

test('a reload touches only what changed', async () => {
  const { load, log } = world()
  await load('test.source "a" { value = "1" }\ntest.source "b" { value = "2" }\ntest.source "c" { }')
  log.length = 0
  await load('test.source "b" { value = "3" }\n// moved\ntest.source "a" { value = "1" }\ntest.source "d" { }')
  assert.deepEqual(log, ['stop test.source.c', 'update test.source.b 3', 'start test.source.d'])
})

test('a configuration with errors leaves the old graph running', async () => {
  const { controller, load, log } = world()
  await load('test.source "a" { value = "1" }')
  log.length = 0
  await assert.rejects(load('test.source "a" { value = "2" }\ntest.source "b" { valu = 1 }'), GraphError)
  assert.deepEqual(log, [])
  assert.deepEqual(
    controller.components().map(({ id, health }) => [id, health.state]),
    [['test.source.a', 'healthy']],
  )
})

test('a component that cannot start is shown as exited while the rest runs', async () => {
  const { controller, load } = world({ failingStart: 'test.source.a' })
  await load('test.source "a" { }\ntest.source "b" { }')
  assert.deepEqual(
    controller.components().map(({ id, health }) => [id, health.state]),
    [
      ['test.source.a', 'exited'],
      ['test.source.b', 'healthy'],
    ],
  )
})
