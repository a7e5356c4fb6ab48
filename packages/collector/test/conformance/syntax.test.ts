import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteOffset, SourceText } from '@quartet/query'
import {
  Capsule,
  evaluate,
  formatFloat,
  isValidIdentifier,
  jsonValue,
  layeredScope,
  OptionalSecret,
  parseExpression,
  parseFile,
  sanitizeIdentifier,
  Scanner,
  standardLibrary,
  typeOf,
  valueFromData,
} from '../../src/syntax/index.ts'
import type { Value } from '../../src/syntax/index.ts'
import { corpusExists, corpusFiles, corpusText, facts, Tally } from './corpus.ts'
import type { Case } from './corpus.ts'

const skip = !corpusExists()
const id = (item: Case): string =>
  `${item.src_line ?? ''} ${item.name ?? item.input ?? item.literal ?? ''}`.trim().slice(0, 80)

test('scanner facts', { skip }, () => {
  const tally = new Tally('scanner.json')
  for (const item of facts('scanner.json')) {
    tally.run(id(item), () => {
      const input = String(item.input ?? item.literal)
      const scanner = new Scanner(input, { insertTerminators: false })
      const token = scanner.scan()
      assert.equal(token.kind, item.token)
      if (item.input === undefined) {
        const literal = String(item.literal)
        if (token.kind === 'COMMENT')
          assert.equal(token.text, literal.replace(/\r?\n$/, '').replaceAll(/\r(?!\/)/g, ''))
        else if (/^[A-Z]+$/.test(String(item.token)) && literal !== '') assert.equal(token.text, literal)
      } else {
        const first = scanner.diagnostics[0]
        assert.equal(first?.message ?? '', item.error)
        if (first) assert.equal(byteOffset(input, first.range.start), item.pos)
      }
    })
  }
  tally.finish()
})

test('identifier facts', { skip }, () => {
  const tally = new Tally('identifiers.json')
  for (const item of facts('identifiers.json')) {
    const text = String(item.identifier)
    tally.run(id(item), () => {
      if (item.expect !== undefined) assert.equal(isValidIdentifier(text), item.expect)
      else if (item.expectErr) assert.throws(() => sanitizeIdentifier(text), { message: String(item.expectErr) })
      else assert.equal(sanitizeIdentifier(text), item.expectIdentifier)
    })
  }
  tally.finish()
})

test('expressions that must parse', { skip }, () => {
  const tally = new Tally('parse_expressions.json')
  for (const item of facts('parse_expressions.json')) {
    tally.run(id(item), () => assert.deepEqual(parseExpression(String(item.input)).diagnostics, []))
  }
  tally.finish()
})

test('evaluation facts', { skip }, () => {
  const tally = new Tally('eval.json')
  for (const item of facts('eval.json')) {
    tally.run(id(item), () => same(run(String(item.input)), item.expect))
  }
  tally.finish()
})

test('standard library facts', { skip }, () => {
  const tally = new Tally('stdlib.json')
  for (const item of facts('stdlib.json')) {
    tally.run(id(item), () => {
      if (item.error === undefined) return same(run(String(item.input)), item.expect)
      assert.throws(
        () => run(String(item.input)),
        (error: Error) => error.message.includes(String(item.error)),
      )
    })
  }
  tally.finish()
})

test('values as JSON', { skip }, () => {
  const tally = new Tally('json_values.json')
  for (const item of facts('json_values.json')) {
    tally.run(id(item), () => {
      let value = valueFromData(item.input, true)
      // These inputs are Go types in the source of the case; what stands here is the value that they carry.
      if (item.name === 'nil array') value = []
      if (String(item.name).startsWith('capsule')) {
        const description = String((item.input as { name?: string }).name ?? '')
        value = new Capsule('test', 'alloyjson_test.capsuleWithStringer', item.input, description)
      }
      assert.deepEqual(jsonValue(value), JSON.parse(String(item.json)))
    })
  }
  tally.finish()
})

test('configurations of the documentation parse', { skip }, () => {
  const tally = new Tally('doc_configs.json')
  for (const item of facts('doc_configs.json')) {
    if (item.placeholder) {
      tally.skip()
      continue
    }
    tally.run(`${String(item.path)}:${item.src_line}`, () => {
      const text = String(item.config)
      const source = new SourceText('config', text)
      const { diagnostics } = parseFile('config', text)
      // The chapters on expressions show bare expressions.
      if (diagnostics.length > 0 && parseExpression(text.trim()).diagnostics.length === 0) return
      assert.deepEqual(
        diagnostics.map((found) => source.format(found)),
        [],
      )
    })
  }
  tally.finish()
})

test('complete configurations parse', { skip }, () => {
  const tally = new Tally('files')
  const files = [
    ...corpusFiles('grafana__alloy-scenarios', '.alloy'),
    ...corpusFiles('grafana__alloy/syntax/parser/testdata/valid', '.alloy'),
    ...corpusFiles('grafana__alloy/internal/cmd', '.alloy'),
    ...corpusFiles('grafana__alloy/internal/converter', '.alloy'),
  ]
  for (const path of files) {
    tally.run(path, () => {
      const text = corpusText(path)
      const source = new SourceText(path, text)
      assert.deepEqual(
        parseFile(path, text).diagnostics.map((found) => source.format(found)),
        [],
      )
    })
  }
  tally.finish()
})

test('syntax errors stand where upstream reports them', { skip }, () => {
  const tally = new Tally('syntax/parser/testdata')
  const directory = 'grafana__alloy/syntax/parser/testdata'
  for (const path of corpusFiles(directory, '.alloy').filter((path) => !path.includes('/valid/'))) {
    tally.run(path, () => {
      const text = corpusText(path)
      assert.deepEqual(
        parseFile(path, text).diagnostics.map((found) => found.range.start),
        expectedErrors(text).map((expected) => expected.start),
      )
      parseFile(path, text).diagnostics.forEach((found, index) => {
        assert.match(found.message, new RegExp(expectedErrors(text)[index].pattern))
      })
    })
  }
  for (const path of corpusFiles(`${directory}/fuzz`, '')) {
    if (!/[0-9a-f]{64}$/.test(path)) continue
    tally.run(path, () => {
      const input = /\[\]byte\((".*")\)/.exec(corpusText(path))?.[1] ?? '""'
      assert.ok(parseFile(path, JSON.parse(input)).diagnostics)
    })
  }
  tally.finish()
})

/** `ERROR` comments stand after the token at fault, `ERROR HERE` at the place itself. */
function expectedErrors(text: string): { start: number; pattern: string }[] {
  const scanner = new Scanner(text)
  const expected: { start: number; pattern: string }[] = []
  let previous = 0
  for (let token = scanner.scan(); token.kind !== 'EOF'; token = scanner.scan()) {
    const found = token.kind === 'COMMENT' ? /^\/[/*] ERROR (HERE )?"(.*)"/.exec(token.text) : null
    if (found) expected.push({ start: found[1] ? token.start : previous, pattern: found[2] })
    else if (token.kind !== 'COMMENT' && !(token.kind === 'TERMINATOR' && text.startsWith('/', token.start)))
      previous = token.start
  }
  return expected
}

function run(input: string): Value {
  const { expression, diagnostics } = parseExpression(input)
  assert.deepEqual(diagnostics, [])
  const own = new Map<string, Value>([
    ['foobar', 42n],
    ['optionalSecretStr', new OptionalSecret('bar', false)],
    ['optionalSecretInt', new OptionalSecret('bar', false)],
  ])
  return evaluate(expression, layeredScope(own, standardLibrary({ TEST_VAR: 'Hello!', TEST_VAR2: 'Hello!' })))
}

/** Compares with what JSON can say; a case that decodes into another scalar type compares as text. */
function same(actual: Value, expected: unknown): void {
  const plain = comparable(actual)
  if (typeof expected === 'string' && typeOf(actual) === 'number') {
    return assert.equal(typeof actual === 'bigint' ? String(actual) : overflowed(actual as number, expected), expected)
  }
  if (typeof expected === 'number' && typeof plain === 'string') return assert.equal(Number(plain), expected)
  assert.deepEqual(plain, expected)
}

function overflowed(actual: number, expected: string): string {
  return actual === Number(expected) && /^\d{20,}$/.test(expected) ? expected : formatFloat(actual)
}

function comparable(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof OptionalSecret) return value.text
  if (Array.isArray(value)) return value.map(comparable)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, comparable(item)]))
  return value
}
