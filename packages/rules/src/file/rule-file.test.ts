import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '@quartet/runtime'
import type { RuleLanguage } from '../ports.ts'
import { loadRuleFile } from './rule-file.ts'

const LANGUAGE: RuleLanguage = {
  check: (expr) =>
    expr.includes('(hi)')
      ? [{ severity: 'error', message: '1:6: parse error: no range', range: { start: 5, end: 7 } }]
      : [],
  print: (expr) => expr.trim().replaceAll(/\s+/g, ' '),
}
const load = (text: string, legacyNames = false) =>
  loadRuleFile({ path: 'r.yml', text, language: LANGUAGE, legacyNames })

async function problems(text: string, legacyNames = false): Promise<readonly string[]> {
  const error = await load(text, legacyNames).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ConfigError, String(error))
  return error.problems
}

test('reads groups with all their keys; labels of the group are the default of its rules', async () => {
  const { groups } = await load(`
groups:
- name: g
  interval: 30s
  query_offset: 1m
  limit: 7
  labels: {team: a, zone: x}
  rules:
  - record: job:up
    expr: |
      sum by (job)
        (up)
    labels: {zone: y}
  - alert: Down
    expr: 1
    for: 5m
    keep_firing_for: 1m
    annotations: {text: 12}
`)
  assert.deepEqual(groups, [
    {
      file: 'r.yml',
      name: 'g',
      intervalMs: 30_000,
      limit: 7,
      queryOffsetMs: 60_000,
      rules: [
        {
          kind: 'recording',
          name: 'job:up',
          expr: 'sum by (job) (up)',
          labels: [
            ['team', 'a'],
            ['zone', 'y'],
          ],
        },
        {
          kind: 'alerting',
          name: 'Down',
          expr: '1',
          labels: [
            ['team', 'a'],
            ['zone', 'x'],
          ],
          annotations: [['text', '12']],
          forMs: 300_000,
          keepFiringForMs: 60_000,
        },
      ],
    },
  ])
  assert.deepEqual((await load('')).groups, [])
  assert.deepEqual((await load('groups:\n')).groups, [])
})

test("says everything that is wrong at once, in upstream's words and with its place", async () => {
  const found = await problems(`groups:
- name: yolo
  labels: {__name__: x}
  rules:
  - record: yolo
    alert: yolo
    expr: rate(hi)
  - expr: 1
  - record: a{b}
    for: 1m
    keep_firing_for: 1m
    annotations: {x: y}
  - alert: Bad
    expr: 1
    labels: {l: '{{ nope }}'}
    annotations: {a: '{{ end }}', '': x}
  -
- name: yolo
- rules: []
`)
  assert.deepEqual(found, [
    'r.yml:3:22: error: invalid label name: __name__',
    'r.yml:5:13: error: group "yolo", rule 1, "yolo": only one of \'record\' and \'alert\' must be set',
    'r.yml:7:11: error: group "yolo", rule 1, "yolo": could not parse expression: 1:6: parse error: no range',
    'r.yml:8:5: error: group "yolo", rule 2, "": one of \'record\' or \'alert\' must be set',
    'r.yml:9:5: error: group "yolo", rule 3, "a{b}": field \'expr\' must be set in rule',
    'r.yml:9:13: error: group "yolo", rule 3, "a{b}": invalid field \'annotations\' in recording rule',
    'r.yml:9:13: error: group "yolo", rule 3, "a{b}": invalid field \'for\' in recording rule',
    'r.yml:9:13: error: group "yolo", rule 3, "a{b}": invalid field \'keep_firing_for\' in recording rule',
    'r.yml:9:13: error: group "yolo", rule 3, "a{b}": braces present in the recording rule name; should it be in expr?: a{b}',
    'r.yml:16:39: error: group "yolo", rule 4, "Bad": invalid annotation name: ',
    'r.yml:15:17: error: group "yolo", rule 4, "Bad": label "l": template: __alert_Bad:1: function "nope" not defined',
    'r.yml:16:22: error: group "yolo", rule 4, "Bad": annotation "a": template: __alert_Bad:1: unexpected {{end}}',
    'r.yml:17:4: error: group "yolo", rule 5, "": one of \'record\' or \'alert\' must be set',
    'r.yml:17:4: error: group "yolo", rule 5, "": field \'expr\' must be set in rule',
    'r.yml:18:3: error: groupname: "yolo" is repeated in the same file',
    'r.yml:19:3: error: Groupname must not be empty',
  ])
})

test('says what is wrong with the shape', async () => {
  assert.deepEqual(
    await problems(
      'groups:\n- name: g\n  intervall: 1s\n  limit: many\n  rules:\n  - record: x\n    for: 5x\n    expr: 1\n  - [1]\n',
    ),
    [
      'r.yml:3:3: error: field intervall not found in type rulefmt.RuleGroup',
      'r.yml:4:10: error: cannot unmarshal !!str `many` into int',
      'r.yml:7:10: error: unknown unit "x" in duration "5x"',
      'r.yml:9:5: error: cannot unmarshal !!seq into rulefmt.Rule',
    ],
  )
  assert.deepEqual(await problems('[]'), ['r.yml:1:1: error: cannot unmarshal !!seq into rulefmt.RuleGroups'])
})

test('names may be any text, unless the old scheme is asked for', async () => {
  const text = 'groups: [{name: g, rules: [{record: "my.metric", expr: 1, labels: {"a-b": c}}]}]'
  assert.equal((await load(text)).groups.length, 1)
  assert.deepEqual(
    (await problems(text, true)).map((problem) => problem.replace(/^.*: (invalid)/, '$1')),
    ['invalid recording rule name: my.metric', 'invalid label name: a-b'],
  )
})

test('finds rules that are there twice', async () => {
  const { duplicates } = await load(`groups:
- name: g
  rules:
  - {record: a, expr: 1}
  - {record: a, expr: 2, labels: {x: y}}
  - {record: a, expr: 3}
`)
  assert.deepEqual(duplicates, [
    { at: 'r.yml:6:5', message: 'duplicate rule "a": same name and labels as one before it' },
  ])
})
