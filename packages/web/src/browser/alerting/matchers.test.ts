import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMatcher, matcherProblem, matches, matchersOf, parseMatchers } from './matchers.ts'
import { parseLabels, routesTaken, routeTree } from './route-tree.ts'

test('what is formatted is parsed again', () => {
  const texts = ['a="b"', 'a!="x,y"', 'a=~"b|c d"', 'a!~"\\\\d+"', '"with space"="ü \\" }"', 'empty=""']
  for (const text of texts) assert.deepEqual(parseMatchers(text)?.map(formatMatcher), [text])
  assert.deepEqual(parseMatchers(`{${texts.join(', ')}}`)?.map(formatMatcher), texts)
})

test('the forms of older configuration files are read', () => {
  assert.deepEqual(parseMatchers('team = shop')?.map(formatMatcher), ['team="shop"'])
  assert.deepEqual(parseMatchers('a=~^b.*,c=d')?.map(formatMatcher), ['a=~"^b.*"', 'c="d"'])
  assert.deepEqual(parseMatchers(''), [])
  for (const text of ['a', '=b', 'a="b', 'a==="b"x"']) assert.equal(parseMatchers(text), undefined, text)
})

test('a missing label is empty and a regular expression matches the whole value', () => {
  const holds = (text: string): boolean => (parseMatchers(text) ?? []).every((m) => matches(m, { a: 'bcd' }))
  assert.deepEqual(['a="bcd"', 'a=~"b"', 'a=~"b.*"', 'x=""', 'x!=""', 'a!~"z|bcd"', 'a=~"(?i)BCD"'].map(holds), [
    true,
    false,
    true,
    true,
    false,
    false,
    true,
  ])
})

test('problems are named before Alertmanager refuses', () => {
  const matcher = { name: 'a', value: '(', isEqual: true, isRegex: true }
  assert.equal(matcherProblem(matcher), 'This is not a regular expression')
  assert.equal(matcherProblem({ ...matcher, isRegex: false }), undefined)
  assert.equal(matcherProblem({ ...matcher, name: ' ' }), 'A label is needed')
})

test('matchers of labels begin with the name of the alert', () => {
  assert.deepEqual(matchersOf({ a: '1', alertname: 'X' }).map(formatMatcher), ['alertname="X"', 'a="1"'])
})

const tree = routeTree({
  receiver: 'default',
  group_by: ['alertname'],
  group_wait: '10s',
  routes: [
    { matchers: ['team="shop"', 'severity=~"critical|page"'], receiver: 'chat', continue: true },
    {
      match: { team: 'shop' },
      receiver: 'hook',
      repeat_interval: '1h',
      routes: [{ match_re: { severity: 'inf.' }, receiver: 'nobody' }, { matchers: 'site="lab"' }],
    },
  ],
})

test('a route inherits what it does not say', () => {
  const below = tree.children[1]?.children[1]
  assert.deepEqual(
    [below?.receiver, below?.groupBy, below?.groupWait, below?.groupInterval, below?.repeatInterval],
    ['hook', ['alertname'], '10s', '5m', '1h'],
  )
})

test('alerts take the routes that Alertmanager would choose', () => {
  const taken = (text: string): string[] =>
    routesTaken(tree, parseLabels(text) ?? {}).map(({ key, receiver }) => `${key} ${receiver}`)
  assert.deepEqual(taken('team=base'), ['0 default'])
  assert.deepEqual(taken('team=shop severity=critical'), ['0.0 chat', '0.1 hook'])
  assert.deepEqual(taken('team=shop severity=info'), ['0.1.0 nobody'])
  assert.deepEqual(taken('team=shop severity="page" site=lab'), ['0.0 chat', '0.1.1 hook'])
})

test('labels are typed with blanks or commas between', () => {
  assert.deepEqual(parseLabels('a=b c="d e", f=g'), { a: 'b', c: 'd e', f: 'g' })
  assert.equal(parseLabels('a!=b'), undefined)
  assert.equal(parseLabels('a'), undefined)
})
