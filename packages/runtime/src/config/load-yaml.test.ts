import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import type { ZodType } from 'zod'
import { ConfigError } from '../system.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import { loadYaml } from './load-yaml.ts'

const schema = z
  .strictObject({
    global: z
      .strictObject({ interval: z.string().default('1m'), limit: z.number().int().positive().optional() })
      .default({ interval: '1m' }),
    labels: z.record(z.string(), z.string()).default({}),
    jobs: z.array(z.strictObject({ name: z.string(), targets: z.array(z.string()).default([]) })).default([]),
  })
  .superRefine((value, context) => {
    value.jobs.forEach((job, index) => {
      if (value.jobs.findIndex((other) => other.name === job.name) < index) {
        context.addIssue({ code: 'custom', path: ['jobs', index, 'name'], message: `job "${job.name}" exists twice` })
      }
    })
  })

const load = (text: string, expandEnv = false) => loadYaml({ path: 'a.yml', text, schema, expandEnv })

async function problemsOf<T>(text: string, of: ZodType<T> = schema as never): Promise<readonly string[]> {
  try {
    await loadYaml({ path: 'a.yml', text, schema: of })
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems
  }
  return []
}

test('reads a file and tells positions', async () => {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'a.yml')
  await writeFile(path, 'global:\n  interval: 15s\njobs:\n  - name: a\n')
  const { value, at } = await loadYaml({ path, schema })
  assert.equal(value.global.interval, '15s')
  assert.equal(at(['jobs', 0, 'name']), `${path}:4:11`)
  await directory.remove()
})

test('reports every problem with its place: unknown keys, types, values, missing keys', async () => {
  const problems = await problemsOf(
    ['global:', '  intervall: 1s', '  limit: -3', 'jobs:', '  - targets: x', '  - name: b', 'extra: 1', ''].join('\n'),
  )
  assert.deepEqual(problems, [
    'a.yml:2:3: error: unknown key "intervall" in "global"',
    'a.yml:3:10: error: "global.limit": Too small: expected number to be >0',
    'a.yml:5:5: error: "jobs[0].name" is missing in "jobs[0]"',
    'a.yml:5:14: error: "jobs[0].targets" must be a list, got "x"',
    'a.yml:7:1: error: unknown key "extra"',
  ])
})

test('reports cross-field problems at their place', async () => {
  assert.deepEqual(await problemsOf('jobs:\n- name: a\n- name: b\n- name: a\n'), [
    'a.yml:4:9: error: job "a" exists twice',
  ])
})

test('reports all syntax errors and duplicate keys', async () => {
  const problems = await problemsOf('global: {interval: 1s\njobs: [}\n')
  assert.ok(problems.length >= 2)
  assert.ok(
    problems.every((problem) => /^a\.yml:\d+:\d+: error: /.test(problem)),
    problems.join('\n'),
  )
  assert.match((await problemsOf('jobs: []\njobs: []\n'))[0]!, /^a\.yml:2:1: error: field jobs already set$/)
})

test('keeps the text of unquoted scalars where a string is wanted, as Go does', async () => {
  const { value } = await load(
    'labels:\n  version: 1.10\n  on: yes\n  time: 12:30\n  day: 2024-01-02\n  hex: 0x1F\njobs:\n- name: 007\n',
  )
  assert.deepEqual(value.labels, { version: '1.10', on: 'yes', time: '12:30', day: '2024-01-02', hex: '0x1F' })
  assert.equal(value.jobs[0]!.name, '007')
})

test('a key without a value counts as absent', async () => {
  const { value } = await load('global:\njobs:\nlabels:\n')
  assert.deepEqual(value, { global: { interval: '1m' }, labels: {}, jobs: [] })
  assert.deepEqual((await load('')).value.jobs, [])
  assert.deepEqual(await problemsOf('nonsense:\n'), ['a.yml:1:1: error: unknown key "nonsense"'])
})

test('follows anchors, aliases and merge keys', async () => {
  const { value } = await load('jobs:\n- &base\n  name: a\n  targets: [x]\n- <<: *base\n  name: b\n')
  assert.deepEqual(value.jobs, [
    { name: 'a', targets: ['x'] },
    { name: 'b', targets: ['x'] },
  ])
})

test('refuses alias bombs', async () => {
  const levels = Array.from({ length: 9 }, (_, index) => `l${index + 1}: &l${index + 1} [${`*l${index},`.repeat(9)}]`)
  const problems = await problemsOf(['l0: &l0 [x]', ...levels].join('\n'), z.unknown())
  assert.match(problems[0]!, /alias/i)
})

test('expands environment variables only when asked to', async () => {
  process.env['QUARTET_TEST_INTERVAL'] = '30s'
  const text = 'global:\n  interval: ${QUARTET_TEST_INTERVAL}\n  limit: ${QUARTET_TEST_NONE:-12}\n'
  const { value } = await load(text, true)
  assert.deepEqual(value.global, { interval: '30s', limit: 12 })
  assert.equal((await problemsOf(text)).length, 1)
  delete process.env['QUARTET_TEST_INTERVAL']
})

test('says when the file is not there', async () => {
  await assert.rejects(loadYaml({ path: '/nowhere/a.yml', schema }), {
    message: '/nowhere/a.yml:1:1: error: cannot be read: no such file',
  })
})

test('of a union it reports the branch that came closest', async () => {
  const action = z.union([
    z.strictObject({ kind: z.literal('keep'), regex: z.string() }),
    z.strictObject({ kind: z.literal('hash'), modulus: z.number() }),
  ])
  const problems = await problemsOf(
    'actions:\n- kind: hash\n  modulus: many\n',
    z.strictObject({ actions: z.array(action) }),
  )
  assert.deepEqual(problems, ['a.yml:3:12: error: "actions[0].modulus" must be a number, got "many"'])
})

test('a schema may word what is wrong with its keys and kind itself', async () => {
  const schema = z.strictObject(
    { inner: z.strictObject({}, { error: () => 'inner is no mapping' }).optional() },
    { error: (issue) => (issue.code === 'unrecognized_keys' ? 'field {key} not found in type plain' : undefined) },
  )
  const found = await loadYaml({ path: 'a.yml', text: 'x: 1\ninner: secret\ny: 2\n', schema }).then(
    () => [],
    (error: unknown) => (error instanceof ConfigError ? error.problems : [String(error)]),
  )
  assert.deepEqual(found, [
    'a.yml:1:1: error: field x not found in type plain',
    'a.yml:2:8: error: inner is no mapping',
    'a.yml:3:1: error: field y not found in type plain',
  ])
})

test('reads !!binary as text, bytes that are no UTF-8 as lone surrogates', async () => {
  const schema = z.record(z.string(), z.string())
  const load = (text: string): Promise<unknown> => loadYaml({ path: 'a.yml', text, schema }).then(({ value }) => value)
  assert.deepEqual(await load('a: !!binary "aMOk"'), { a: 'h\u00e4' })
  assert.deepEqual(await load('!!binary "/w==": !!binary "Yf9i"'), { '\udcff': 'a\udcffb' })
  await assert.rejects(load('a: !!binary "/w==$1"'), /a\.yml:1:\d+: error: !!binary value contains invalid base64 data/)
})
