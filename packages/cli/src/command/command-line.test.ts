import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../system-flags.ts'
import { SYSTEMS } from '../system-table.ts'
import { readCommandLine } from './command-line.ts'

const read = (text: string) => readCommandLine(text === '' ? [] : text.split(' '), SYSTEMS)

function argsOf(text: string): Record<string, readonly string[]> {
  const line = read(text)
  assert.ok('systems' in line)
  return Object.fromEntries(
    line.systems.filter(({ args }) => args.length > 0).map(({ entry, args }) => [entry.service, args]),
  )
}

function problemsOf(text: string): readonly string[] {
  try {
    read(text)
  } catch (error) {
    assert.ok(error instanceof UsageError)
    return error.problems
  }
  return []
}

test('without arguments everything is started with the defaults', () => {
  const line = read('')
  assert.ok(line.command === 'up')
  assert.equal(line.systems.length, SYSTEMS.length)
  assert.deepEqual(line.options, {
    dataDirectory: resolve('data'),
    stackDirectory: resolve('stack'),
    listenHost: '127.0.0.1',
    logLevel: 'warn',
  })
})

test('flags of a system carry its service or package name in up', () => {
  assert.deepEqual(
    argsOf('up --prometheus.web.listen-address=:9091 --logs.config.file x.yml --web.a=1 --data /tmp/q'),
    {
      prometheus: ['--web.listen-address=:9091'],
      loki: ['--config.file=x.yml'],
      grafana: ['--a=1'],
    },
  )
})

test('one served system takes upstream flags without a prefix, and with it', () => {
  assert.deepEqual(
    argsOf('serve prometheus --web.enable-lifecycle --config.file=a.yml --prometheus.storage.tsdb.path b'),
    {
      prometheus: ['--web.enable-lifecycle', '--config.file=a.yml', '--storage.tsdb.path=b'],
    },
  )
  assert.deepEqual(argsOf('serve loki -config.file=a.yml'), { loki: ['--config.file=a.yml'] })
})

test('several served systems need prefixes; a system named twice is served once', () => {
  const line = read('serve loki tempo logs')
  assert.ok(line.command === 'serve')
  assert.deepEqual(
    line.systems.map(({ entry }) => entry.service),
    ['loki', 'tempo'],
  )
  assert.match(
    problemsOf('serve loki tempo --config.file=x')[0]!,
    /^unknown flag --config\.file; flags of a system carry its name: --loki\.config\.file$/,
  )
})

test('reports every problem at once', () => {
  assert.deepEqual(problemsOf('serve lokki --dat=x --log-level=loud --listen='), [
    'unknown system "lokki"; there are prometheus, loki, tempo, alloy, alertmanager, pushgateway, host, grafana',
    'unknown flag --dat; did you mean --data?',
    '--listen needs a value',
    '--log-level is one of debug, info, warn, error, silent, not "loud"',
  ])
  assert.match(problemsOf('start')[0]!, /^unknown command "start"; there are up, serve.* amtool$/)
  assert.match(problemsOf('serve')[0]!, /^serve needs a system: prometheus/)
  assert.deepEqual(problemsOf('up loki'), ['unexpected argument "loki"'])
})

test('help and version win over everything', () => {
  assert.deepEqual(
    [read('serve nobody --help'), read('-h'), read('--version'), read('help'), read('version')].map(
      ({ command }) => command,
    ),
    ['help', 'help', 'version', 'help', 'version'],
  )
})
