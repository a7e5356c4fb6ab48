import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIni } from './ini.ts'

const read = (text: string): Record<string, string> =>
  Object.fromEntries(parseIni('x.ini', text).entries.map(({ section, key, value }) => [`${section}.${key}`, value]))

test('reads sections, keys and values', () => {
  assert.deepEqual(read('app_mode = production\n[Server]\nhttp_port = 3001\nroot_url: http://x/?a=b\n'), {
    '.app_mode': 'production',
    'server.http_port': '3001',
    'server.root_url': 'http://x/?a=b',
  })
})

test('skips comments and keeps # and ; inside of a value', () => {
  const text = '; a\n# b\n[a]\nk = p#ss;word\nl = v ; comment\nm = v # comment\r\n'
  assert.deepEqual(read(text), { 'a.k': 'p#ss;word', 'a.l': 'v', 'a.m': 'v' })
})

test('reads quoted and continued values', () => {
  const text = '[a]\nk = """x # y"""\nl = `p ; q`\nm = "quoted" ; c\nn = one \\\n  two\no = """a\nb"""\np = \'s\'\n'
  assert.deepEqual(read(text), {
    'a.k': 'x # y',
    'a.l': 'p ; q',
    'a.m': 'quoted',
    'a.n': 'one two',
    'a.o': 'a\nb',
    'a.p': 's',
  })
})

test('reports every bad line with its place and reads the rest', () => {
  const { place, diagnostics, entries } = parseIni('g.ini', '[server\nnonsense\n = 1\n[a]\nk = 1\nq = """never\n')
  assert.deepEqual(
    diagnostics.map(({ range, severity, message }) => `${place(range.start)}: ${severity}: ${message}`),
    [
      'g.ini:1:1: error: unclosed section: "]" is missing',
      'g.ini:2:1: error: key-value delimiter not found: nonsense',
      'g.ini:3:2: error: empty key name',
      'g.ini:6:5: error: missing closing key quote: """',
    ],
  )
  assert.equal(entries[0].key, 'k')
})
