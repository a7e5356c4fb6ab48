import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseTemplate, Template, TemplateError, TemplateFunctionError } from './index.ts'
import type { TemplateFunctions } from './index.ts'

const functions: TemplateFunctions = {
  upper: { parameters: ['string'], call: (text: string) => text.toUpperCase() },
  add: { parameters: ['int', 'int'], call: (a: bigint, b: bigint) => a + b },
  fail: {
    parameters: [],
    call: () => {
      throw new TemplateFunctionError('no luck')
    },
  },
}

const data = {
  name: 'shop',
  count: 3n,
  ratio: 0.5,
  items: ['a', 'b', 'c'],
  labels: new Map([
    ['z', '26'],
    ['a', '1'],
  ]),
  nested: { deep: { value: 'found' } },
  empty: '',
  method: (suffix: string) => `called ${suffix}`,
}

const cases: readonly (readonly [text: string, output: string])[] = [
  ['plain', 'plain'],
  ['{{.name}}', 'shop'],
  ['a {{- .name -}} b', 'ashopb'],
  ['a {{- /* gone */ -}} b', 'ab'],
  ['{{/* gone */}}x', 'x'],
  ['{{.nested.deep.value}}', 'found'],
  ['{{(index .items 1)}}', 'b'],
  ['{{index .labels "z"}}', '26'],
  ['{{slice .name 1 3}}', 'ho'],
  ['{{len .items}} {{len .labels}} {{len .name}}', '3 2 4'],
  ['{{.name | upper | printf "%s-%d" | print}}', 'SHOP-%!d(MISSING)'],
  ['{{printf "%05.2f|%x|%q|%-4s|%+d|%t" .ratio 255 "hi" "ab" 7 true}}', '00.50|ff|"hi"|ab  |+7|true'],
  ['{{printf "%d" "x"}} {{printf "%s" 1}}', '%!d(string=x) %!s(int=1)'],
  ['{{if .empty}}yes{{else if .count}}maybe{{else}}no{{end}}', 'maybe'],
  ['{{with .nested}}{{.deep.value}}{{end}}{{with .empty}}x{{else}}none{{end}}', 'foundnone'],
  ['{{range .items}}<{{.}}>{{end}}', '<a><b><c>'],
  ['{{range $i, $e := .items}}{{$i}}={{$e}};{{end}}', '0=a;1=b;2=c;'],
  ['{{range $k, $v := .labels}}{{$k}}{{$v}} {{end}}', 'a1 z26 '],
  ['{{range .missing}}x{{else}}empty{{end}}', 'empty'],
  ['{{range .items}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{if eq . "c"}}{{break}}{{end}}{{end}}', 'ac'],
  ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
  ['{{range $i, $e := .items}}{{$.name}}{{$i}}{{end}}', 'shop0shop1shop2'],
  ['{{define "u"}}[{{.}}]{{end}}{{template "u" .name}}', '[shop]'],
  ['{{block "b" .count}}<{{.}}>{{end}}', '<3>'],
  ['{{and .name .empty}}|{{or .empty .name}}|{{not .empty}}', '|shop|true'],
  ['{{eq .count 3}} {{ne .name "x"}} {{lt 1 2}} {{ge 1.5 2.5}} {{eq .name "a" "shop"}}', 'true true true false true'],
  ['{{println 1 "a"}}', '1 a\n'],
  ['{{print 1 2 "a" 3}}', '1 2a3'],
  ['{{html "<a>"}} {{js "\'"}} {{urlquery "a b&c"}}', "&lt;a&gt; \\' a+b%26c"],
  ['{{.missing}}', '<no value>'],
  ['{{add 1 0x10}}', '17'],
  ["{{'a'}}", '97'],
  ['{{`raw`}} {{"q\\t"}} {{1.5e3}} {{3000000.0}} {{1_000}}', 'raw q\t 1500 3e+06 1000'],
  ['{{.method "x"}}', 'called x'],
  ['{{"x" | .method}}', 'called x'],
]

describe('templates', () => {
  for (const [text, output] of cases) {
    it(`runs ${text}`, () => assert.equal(parseTemplate('t', text, functions).execute(data), output))
  }

  it('shares definitions between the texts of a set', () => {
    const template = new Template('main', functions)
    template.parse('{{define "greet"}}hi {{.}}{{end}}', 'one').parse('{{template "greet" .name}}')
    assert.equal(template.execute(data), 'hi shop')
    assert.equal(template.execute('you', 'greet'), 'hi you')
  })

  it('prints missing keys as nothing when told so', () => {
    assert.equal(parseTemplate('t', '[{{.missing}}]', {}, { missingKey: 'zero' }).execute({}), '[]')
  })
})

const parseErrors: readonly (readonly [text: string, message: string])[] = [
  ['{{', 'template: t:1: unclosed action'],
  ['a\n{{.x', 'template: t:2: unclosed action'],
  ['{{nope}}', 'template: t:1: function "nope" not defined'],
  ['{{$x}}', 'template: t:1: undefined variable "$x"'],
  ['{{if .x}}', 'template: t:1: unexpected EOF'],
  ['{{end}}', 'template: t:1: unexpected {{end}}'],
  ['{{"abc}}', 'template: t:1: unterminated quoted string'],
  ['{{break}}', 'template: t:1: {{break}} outside {{range}}'],
  ['{{}}', 'template: t:1: missing value for command'],
  ['{{(1}}', 'template: t:1: unclosed left paren'],
  ['{{/* x }}', 'template: t:1: unclosed comment'],
]

const executionErrors: readonly (readonly [text: string, message: string])[] = [
  ['{{.name.x}}', 'template: t:1:2: executing "t" at <.name.x>: can\'t evaluate field x in type string'],
  ['{{.name 1}}', 'template: t:1:2: executing "t" at <.name>: name is not a method but has arguments'],
  ['\n {{upper}}', 'template: t:2:3: executing "t" at <upper>: wrong number of args for upper: want 1 got 0'],
  ['{{upper 1}}', 'template: t:1:2: executing "t" at <upper>: wrong type for value; expected string; got int'],
  ['{{fail}}', 'template: t:1:2: executing "t" at <fail>: error calling fail: no luck'],
  [
    '{{index .items 9}}',
    'template: t:1:2: executing "t" at <index .items 9>: error calling index: index out of range: 9',
  ],
  ['{{lt 1 "a"}}', 'template: t:1:2: executing "t" at <lt 1 "a">: error calling lt: incompatible types for comparison'],
  ['{{range .name}}{{end}}', 'template: t:1:8: executing "t" at <.name>: range can\'t iterate over shop'],
  ['{{.constructor.x}}', 'template: t:1:2: executing "t" at <.constructor.x>: nil data; no entry for key "x"'],
]

describe('template errors', () => {
  for (const [text, message] of parseErrors) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseTemplate('t', text, functions),
        (error) => error instanceof TemplateError && error.message === message,
      )
    })
  }
  for (const [text, message] of executionErrors) {
    it(`fails running ${JSON.stringify(text)}`, () => {
      const template = parseTemplate('t', text, functions)
      assert.throws(
        () => template.execute(data),
        (error) => error instanceof TemplateError && error.message === message,
      )
    })
  }

  it('bounds nesting, recursion, loops and output', () => {
    assert.throws(() => parseTemplate('t', '{{if 1}}'.repeat(500)), TemplateError)
    assert.throws(() => parseTemplate('t', `{{${'('.repeat(500)}1${')'.repeat(500)}}}`), TemplateError)
    assert.throws(
      () => parseTemplate('t', '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}').execute({}),
      TemplateError,
    )
    assert.throws(() => parseTemplate('t', '{{range 900}}{{range 9000}}{{end}}a{{end}}').execute({}), TemplateError)
    assert.throws(
      () => parseTemplate('t', '{{range 10000}}0123456789{{end}}', {}, { maxOutput: 1000 }).execute({}),
      TemplateError,
    )
  })
})

describe('what embedders add', () => {
  class Names extends Array<string> {
    Joined(): string {
      return [...this].join('+')
    }
  }
  const names = Names.from(['a', '<b>']) as Names

  it('calls methods of array classes, but nothing that arrays have by themselves', () => {
    assert.equal(parseTemplate('t', '{{.Joined}} {{len .}}{{range .}},{{.}}{{end}}').execute(names), 'a+<b> 2,a,<b>')
    assert.throws(() => parseTemplate('t', '{{.join}}').execute(names), TemplateError)
    assert.throws(() => parseTemplate('t', '{{.length}}').execute(['a']), TemplateError)
  })

  it('prints values of actions, not text, as told', () => {
    const print = (value: unknown): string => `[${String(value)}]`
    assert.equal(parseTemplate('t', '<{{.x}}>', {}, { print }).execute({ x: 'y' }), '<[y]>')
  })

  it('clones a set without sharing later changes', () => {
    const base = new Template('', functions).parse('{{define "x"}}1{{end}}')
    const copy = base.clone().parse('{{define "x"}}2{{end}}{{template "x"}}', '')
    assert.equal(copy.execute({}), '2')
    assert.equal(base.clone().parse('{{template "x"}}', '').execute({}), '1')
  })
})
