import { labelsFromRecord } from '@quartet/model'
import { GoTime } from '@quartet/query'
import { ConfigError, loadYaml } from '@quartet/runtime'
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { matchFilter } from '../../src/api/filter.ts'
import { loadConfig } from '../../src/config/alertmanager-config.ts'
import { durationMs } from '../../src/config/fields.ts'
import { inhibitSchema } from '../../src/config/inhibit-config.ts'
import { parseClassicMatcher, parseClassicMatchers } from '../../src/config/matcher/classic.ts'
import { LabelMatcher } from '../../src/config/matcher/label-matcher.ts'
import { MatcherError } from '../../src/config/matcher/matcher-error.ts'
import { parseMatcher, parseMatchers } from '../../src/config/matcher/parse-matchers.ts'
import type { MatcherNotice } from '../../src/config/matcher/parse-matchers.ts'
import { parseUtf8Matchers } from '../../src/config/matcher/utf8.ts'
import { routeSchema } from '../../src/config/route-config.ts'
import { ParsedInterval, timeInterval } from '../../src/config/time-interval.ts'
import { Inhibitor } from '../../src/dispatch/inhibitor.ts'
import { DEFAULT_ROUTE_OPTIONS, Route } from '../../src/dispatch/route.ts'
import { RECEIVER_KINDS } from '../../src/notify/registry.ts'
import { Alerts, Data, KV } from '../../src/notify/template/data.ts'
import { NotificationTemplates } from '../../src/notify/template/notification-templates.ts'
import { truncateBytes, truncateRunes } from '../../src/notify/truncate.ts'
import { fingerprintOf } from '../../src/storage/alert.ts'
import type { Alert } from '../../src/storage/alert.ts'
import { needsUpdate } from '../../src/storage/notification-log.ts'
import { SilenceError, validateMatcher, validateSilence } from '../../src/storage/silence.ts'
import { readFacts, runFacts, Skip, UPSTREAM } from './corpus.ts'
import type { Case, Fact } from './corpus.ts'

const SYNTAX = { mode: 'fallback', notice: () => {} } as const

function casesOf(name: string, run: (fact: Fact, file: Fact) => unknown): () => Case[] {
  return () => {
    const file = readFacts(name)
    return file.cases.map((fact: Fact, index: number) => ({
      id: `${name}:${fact.src_line ?? fact.name ?? fact.file ?? index}`,
      run: () => run(fact, file),
    }))
  }
}

function checkMatchers(parse: () => readonly LabelMatcher[], fact: Fact): void {
  let matchers
  try {
    matchers = parse()
  } catch (error) {
    if (!(error instanceof MatcherError)) throw error
    assert.ok(fact.error, `refused: ${error.message}`)
    assert.ok(error.message.includes(fact.error), `${error.message} instead of ${fact.error}`)
    return
  }
  assert.equal(fact.error ?? null, null, 'accepted')
  assert.deepEqual(
    matchers.map(({ name, type, value }) => ({ name, type, value })),
    fact.matchers ?? [],
  )
}

runFacts(
  'matchers_classic',
  casesOf('matchers_classic', (fact) =>
    checkMatchers(() => (fact.single ? [parseClassicMatcher(fact.input)] : parseClassicMatchers(fact.input)), fact),
  ),
)
runFacts(
  'matchers_utf8',
  casesOf('matchers_utf8', (fact) =>
    checkMatchers(
      () => (fact.single ? [parseMatcher(fact.input, 'utf8-strict')] : parseUtf8Matchers(fact.input)),
      fact,
    ),
  ),
)
runFacts(
  'matchers_compliance',
  casesOf('matchers_compliance', (fact) => {
    // Where the two are known to disagree, the wanted answer is the classic one.
    if (fact.disagree) return checkMatchers(() => parseClassicMatchers(fact.input), fact)
    if (!fact.error) return checkMatchers(() => parseUtf8Matchers(fact.input), fact)
    assert.throws(() => parseUtf8Matchers(fact.input), MatcherError)
  }),
)
runFacts(
  'matchers_fallback',
  casesOf('matchers_fallback', (fact) => {
    const notices: MatcherNotice[] = []
    const notice = (found: MatcherNotice): void => void notices.push(found)
    checkMatchers(
      () =>
        fact.single ? [parseMatcher(fact.input, 'fallback', notice)] : parseMatchers(fact.input, 'fallback', notice),
      fact,
    )
  }),
)
runFacts(
  'matcher_match',
  casesOf('matcher_match', (fact) =>
    assert.equal(new LabelMatcher(fact.type, 'foo', fact.pattern).matches(fact.value), fact.match),
  ),
)
runFacts(
  'filter_labels',
  casesOf('filter_labels', ({ labels, match, matcher }) =>
    assert.equal(
      matchFilter([new LabelMatcher(matcher.type, matcher.name, matcher.value)], labelsFromRecord(labels)),
      match,
    ),
  ),
)

for (const name of ['route_match', 'route_matchers', 'route_matchers_and_match']) {
  runFacts(
    name,
    casesOf(name, async (fact, file) => {
      const text = file.describes.slice(file.describes.indexOf('\n'))
      const route = new Route((await loadYaml({ path: 'route.yml', text, schema: routeSchema(SYNTAX) })).value)
      const found = route.match(labelsFromRecord(fact.labels))
      assert.deepEqual(
        found.map(({ key }) => key),
        fact.keys,
      )
      const ms = (text: string, inherited: number): number => (text === 'default' ? inherited : durationMs(text))
      assert.deepEqual(
        found.map(({ options }) => ({
          receiver: options.receiver,
          groupBy: [...options.groupBy].sort(),
          groupByAll: options.groupByAll,
          wait: options.groupWaitMs,
          interval: options.groupIntervalMs,
          repeat: options.repeatIntervalMs,
        })),
        fact.receivers.map((wanted: Fact) => ({
          receiver: wanted.receiver,
          groupBy: wanted.group_by === 'default' ? [] : [...wanted.group_by].sort(),
          groupByAll: wanted.group_by_all,
          wait: ms(wanted.group_wait, DEFAULT_ROUTE_OPTIONS.groupWaitMs),
          interval: ms(wanted.group_interval, DEFAULT_ROUTE_OPTIONS.groupIntervalMs),
          repeat: ms(wanted.repeat_interval, DEFAULT_ROUTE_OPTIONS.repeatIntervalMs),
        })),
      )
    }),
  )
}

const INHIBIT_RULES: Record<string, object[]> = {
  inhibit_matches: [
    { source_match: { s1: '1' }, target_match: { t1: '1' }, equal: ['e'] },
    { source_match: { s2: '1' }, target_match: { t2: '1' }, equal: ['e'] },
  ],
  inhibit_matchers: [
    { source_matchers: ['s1="1"'], target_matchers: ['t1!="1"'], equal: ['e'] },
    { source_matchers: ['s2="1"'], target_matchers: ['t2="1"'], equal: ['e'] },
  ],
}
for (const [name, rules] of Object.entries(INHIBIT_RULES)) {
  runFacts(
    name,
    casesOf(name, ({ muted, target }) => {
      const inhibitor = new Inhibitor(z.array(inhibitSchema(SYNTAX)).parse(rules))
      // The facts give each source to one rule; {s1, t1=2} also matches a target of the other form.
      inhibitor.observe(firing({ s1: '1', t1: '2', e: '1' }))
      inhibitor.observe(firing({ s2: '1', t2: '1', e: '1' }))
      assert.equal(inhibitor.inhibitedBy(labelsFromRecord(target), 1000) !== undefined, muted)
    }),
  )
}

function firing(record: Record<string, string>): Alert {
  const labels = labelsFromRecord(record)
  return {
    labels,
    annotations: [],
    startsAtMs: 0,
    endsAtMs: 3_600_000,
    updatedAtMs: 0,
    isTimeout: false,
    generatorUrl: '',
    fingerprint: fingerprintOf(labels),
  }
}

runFacts(
  'time_intervals',
  casesOf('time_intervals', async (fact) => {
    let intervals
    try {
      intervals = (await loadYaml({ path: 'times.yml', text: fact.yaml, schema: z.array(timeInterval) })).value
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      assert.ok(fact.expect_error, `refused: ${error.message}`)
      assert.ok(error.message.includes(fact.error), `${error.message} instead of ${fact.error}`)
      return
    }
    assert.equal(fact.expect_error, false, 'accepted')
    const parsed = intervals.map((interval) => new ParsedInterval(interval))
    const isInside = (text: string): boolean => parsed.some((interval) => interval.contains(parseInstant(text)))
    for (const text of fact.contains) assert.equal(isInside(text), true, `${text} is inside`)
    for (const text of fact.excludes) assert.equal(isInside(text), false, `${text} is outside`)
  }),
)

/** `08 Jul 20 09:00 +0000` */
function parseInstant(text: string): number {
  const [day, month, year, clock, zone] = text.split(' ')
  const ms = Date.parse(`${day} ${month} 20${year} ${clock}:00 GMT${zone}`)
  assert.ok(!Number.isNaN(ms), text)
  return ms
}

runFacts(
  'time_ranges',
  casesOf('time_ranges', async (fact) => {
    const load = () => loadYaml({ path: 'times.yml', text: `- times: [${fact.yaml}]`, schema: z.array(timeInterval) })
    if (fact.error) return assert.rejects(load, ConfigError)
    const [interval] = (await load()).value
    const parsed = new ParsedInterval(interval)
    const at = (minute: number): boolean => parsed.contains(Date.UTC(2024, 0, 1, 0, minute))
    assert.equal(at(fact.range.StartMinute), true)
    assert.equal(at(fact.range.EndMinute - 1), true)
    if (fact.range.EndMinute < 1440) assert.equal(at(fact.range.EndMinute), false)
    if (fact.range.StartMinute > 0) assert.equal(at(fact.range.StartMinute - 1), false)
  }),
)

runFacts(
  'dedup_needs_update',
  casesOf('dedup_needs_update', (fact) => {
    const nowMs = 1_700_000_000_000
    const hashes = (list: number[] | undefined): string[] => (list ?? []).map(String)
    const entry = fact.entry && {
      firing: hashes(fact.entry.FiringAlerts),
      resolved: hashes(fact.entry.ResolvedAlerts),
      timestampMs: fact.entry.Timestamp?.now_plus ? nowMs + signed(fact.entry.Timestamp.now_plus) : 0,
    }
    assert.equal(
      needsUpdate({
        entry: entry ?? undefined,
        firing: new Set(hashes(fact.firing)),
        resolved: new Set(hashes(fact.resolved)),
        repeatMs: durationMs(fact.repeat),
        sendResolved: fact.resolve,
        nowMs,
      }),
      fact.notify,
    )
  }),
)

function signed(text: string): number {
  return text.startsWith('-') ? -durationMs(text.slice(1)) : durationMs(text)
}

runFacts(
  'truncate',
  casesOf('truncate', (fact) => {
    assert.deepEqual(truncateRunes(fact.in, fact.n), { text: fact.runes.out, isTruncated: fact.runes.trunc })
    assert.deepEqual(truncateBytes(fact.in, fact.n), { text: fact.bytes.out, isTruncated: fact.bytes.trunc })
  }),
)

const TYPES: Record<string, string> = { EQUAL: '=', NOT_EQUAL: '!=', REGEXP: '=~', NOT_REGEXP: '!~' }

runFacts(
  'silence_validation',
  casesOf('silence_validation', (fact) => {
    const check = (run: () => void): void => {
      if (fact.error === '') return run()
      assert.throws(run, (error) => error instanceof SilenceError && error.message.includes(fact.error))
    }
    const matcherOf = ({ Name, Pattern, Type = 'EQUAL' }: Fact): Fact => ({
      name: Name,
      type: TYPES[Type] ?? Type,
      // Bytes that are not UTF-8 reach us as an unpaired surrogate at most.
      value: typeof Pattern === 'string' ? Pattern : '\ud800',
    })
    if (fact.classic_matcher) return check(() => validateMatcher(matcherOf(fact.classic_matcher), 'classic'))
    if (fact.utf8_matcher) return check(() => validateMatcher(matcherOf(fact.utf8_matcher), 'utf8-strict'))
    const nowMs = 1_700_000_000_000
    const time = (value: Fact): number | undefined =>
      value === 'now' ? nowMs : value?.now_plus ? nowMs + signed(value.now_plus) : undefined
    const { EndsAt, Matchers, StartsAt } = fact.silence
    const silence = { matchers: Matchers.map(matcherOf), startsAtMs: time(StartsAt), endsAtMs: time(EndsAt) }
    return check(() => validateSilence(silence, 'classic'))
  }),
)

runFacts(
  'templates',
  casesOf('templates', (fact) => {
    const templates = new NotificationTemplates([], () => Date.UTC(2024, 0, 1))
    const wantsFailure = fact.fail || fact.error
    let output
    try {
      output = templates.execute(fact.text, templateData(fact.data), fact.html)
    } catch (error) {
      assert.ok(wantsFailure, `failed: ${String(error)}`)
      if (fact.error) assert.equal((error as Error).message, fact.error)
      return
    }
    assert.ok(!wantsFailure, 'did not fail')
    assert.equal(output, fact.output)
  }),
)

function templateData(value: Fact): unknown {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return GoTime.ofMs(Date.parse(value))
  if (Array.isArray(value)) return value.map((item) => (Number.isInteger(item) ? BigInt(item) : item))
  if (typeof value !== 'object' || value === null) return value
  if (!('Alerts' in value) && !('CommonLabels' in value)) return new KV(Object.entries(value))
  const alerts = new Alerts()
  for (const alert of value.Alerts ?? []) {
    alerts.push({
      Status: alert.Status,
      Labels: alert.Labels ? new KV(Object.entries(alert.Labels)) : null,
      Annotations: null,
      StartsAt: GoTime.ZERO,
      EndsAt: GoTime.ZERO,
      GeneratorURL: '',
      Fingerprint: '',
    })
  }
  return new Data({
    Receiver: '',
    Status: '',
    Alerts: alerts,
    GroupLabels: new KV(),
    CommonLabels: new KV(Object.entries(value.CommonLabels ?? {})),
    CommonAnnotations: new KV(),
    ExternalURL: '',
  })
}

const load = (path: string, text?: string) =>
  loadConfig({ path, ...(text !== undefined && { text }), receiverTypes: RECEIVER_KINDS })

runFacts(
  'config_errors',
  casesOf('config_errors', async (fact) => {
    const run = fact.file ? load(join(UPSTREAM, fact.file)) : load('alertmanager.yml', fact.config)
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof ConfigError, String(error))
      assert.ok(error.message.includes(fact.error), `${error.message} instead of ${fact.error}`)
      for (const problem of error.problems) assert.match(problem, /^.*:\d+:\d+: error: /)
      return true
    })
  }),
)

runFacts('config_files', () => {
  const bad = new Set(readFacts('config_errors').cases.map(({ file }: Fact) => file))
  const folders = ['config/testdata', 'doc/examples', 'cli/testdata']
  return folders.flatMap((folder) =>
    readdirSync(join(UPSTREAM, folder))
      .filter(
        (name) => name.endsWith('.yml') && !/bad|both|http-config|no-/.test(name) && !bad.has(`${folder}/${name}`),
      )
      .map((name) => ({ id: `${folder}/${name}`, run: () => load(join(UPSTREAM, folder, name)) })),
  )
})

runFacts(
  'doc_examples',
  casesOf('doc_examples', (fact) => {
    if (fact.lang !== 'yaml' || /\[ ?[<-]|<[a-z_]+>|^\[/m.test(fact.text)) return new Skip('a grammar, not an example')
    if (fact.text.startsWith('matchers:')) {
      return loadYaml({ path: 'route.yml', text: fact.text, schema: routeSchema(SYNTAX) })
    }
    return new Skip('a fragment')
  }),
)
