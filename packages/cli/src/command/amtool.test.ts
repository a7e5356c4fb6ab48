import { system } from '@quartet/alerts'
import { silentLogger, systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import { amtool } from './amtool.ts'

const CONFIG = `
route:
  receiver: default
  group_by: [alertname]
  routes:
    - receiver: pager
      match_re: {severity: 'critical|page'}
      continue: true
      routes:
        - {receiver: night, matchers: ['team="a"', 'service=~"x.*"']}
    - receiver: team
      matchers: [team="a"]
receivers: [{name: default}, {name: pager}, {name: night}, {name: team}]
inhibit_rules: [{source_matchers: [a="b"], target_matchers: [c="d"], equal: [e]}]
templates: []
`

let home: Awaited<ReturnType<typeof temporaryDirectory>>
let url = ''
let file = ''
let stop: () => Promise<void>

before(async () => {
  home = await temporaryDirectory()
  file = join(home.path, 'am.yml')
  await writeFile(file, CONFIG)
  const running = await system.start({
    flags: { 'config.file': file, 'storage.path': join(home.path, 'state'), 'web.listen-address': '127.0.0.1:0' },
    dataDirectory: home.path,
    stackDirectory: home.path,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  })
  url = running.endpoints[0]!.url
  stop = () => running.stop()
})

after(async () => {
  await stop()
  await home.remove()
})

interface Result {
  readonly code: number
  readonly out: string
  readonly error: string
}

async function ours(args: readonly string[], input = ''): Promise<Result> {
  const out: string[] = []
  const error: string[] = []
  const code = await amtool({
    args: [`--alertmanager.url=${url}`, ...args],
    print: (line) => void out.push(line),
    printError: (line) => void error.push(line),
    readInput: async () => input,
    home: home.path,
  })
  return { code, out: out.join('\n').trimEnd(), error: error.join('\n').trimEnd() }
}

function hasDebians(): boolean {
  try {
    execFileSync('amtool', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    console.log('amtool: comparison skipped, not installed (apt-get install prometheus-alertmanager)')
    return false
  }
}

function debians(args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(
      'amtool',
      [`--alertmanager.url=${url}`, '--no-version-check', ...args],
      { env: { ...process.env, HOME: home.path } },
      (failure, stdout, stderr) =>
        resolve({ code: failure ? Number(failure.code) : 0, out: stdout.trimEnd(), error: stderr.trimEnd() }),
    )
  })
}

test('says what Debian’s amtool says', { skip: !hasDebians() }, async () => {
  await ours([
    'alert',
    'add',
    'Down',
    'severity=page',
    'team=a',
    '--annotation=summary=is gone',
    '--generator-url=http://g',
  ])
  await ours(['alert', 'add', 'alertname=Slow', 'team=b', '--end=2100-01-01T00:00:00Z'])
  await ours(['silence', 'add', 'Quiet', 'team=~"a.*"', 'x!=y', '-c', 'why', '-a', 'me', '--duration=2h'])
  const routes = ['--config.file', file]
  for (const args of [
    ['alert', 'query'],
    ['alert', 'query', '-o', 'extended'],
    ['alert', 'Down'],
    ['alert', 'query', 'team=~"."', '--receiver=team'],
    ['alert', 'query', '--silenced'],
    ['silence', 'query'],
    ['silence', '-o', 'extended', 'query'],
    ['silence', 'query', '-q'],
    ['silence', 'query', 'Quiet', '--created-by', 'me', '--within', '3h'],
    ['silence', 'query', '--expired'],
    ['silence', 'add', 'x=y'],
    ['silence', 'add', '-c', 'x'],
    ['silence', 'expire'],
    ['config', 'show'],
    ['config', 'routes', ...routes],
    ['config', 'routes', 'show', ...routes],
    ['config', 'routes', 'test', ...routes, 'severity=page', 'team=a', 'service=xy'],
    ['config', 'routes', 'test', ...routes, '--tree', 'severity=page', 'team=a'],
    ['config', 'routes', 'test', ...routes, '--verify.receivers=pager,team', 'severity=page', 'team=a'],
    ['config', 'routes', 'test', ...routes, '--verify.receivers=pager', 'team=a'],
    ['check-config', file],
    [
      'template',
      'render',
      '--template.glob=/dev/null',
      '--template.text={{ .GroupLabels.SortedPairs.Values }} {{ range .Alerts }}{{ range .Labels.SortedPairs }}{{ . }}{{ end }} {{ .Fingerprint }}{{ end }}',
    ],
    ['cluster', 'show'],
  ]) {
    const [mine, theirs] = [await ours(args), await debians(args)]
    assert.deepEqual([mine.out, mine.code], [theirs.out, theirs.code], args.join(' '))
    if (theirs.error.startsWith('amtool: error')) assert.equal(mine.error, theirs.error, args.join(' '))
  }
})

test('a silence is added, updated, exported, expired and imported again', async () => {
  const { out: id } = await ours(['silence', 'add', 'alertname="a b"', 'c!~d', '-c', 'why'])
  assert.match(id, /^[0-9a-f-]{36}$/)
  const updated = await ours(['silence', 'update', id, '-d', '5h', '-c', 'longer', '-q'])
  assert.equal(updated.out, id)
  const { out: json } = await ours(['silence', 'query', '-o', 'json', '--id', id])
  const [silence] = JSON.parse(json) as { comment: string; startsAt: string; endsAt: string; matchers: unknown[] }[]
  assert.equal(silence!.comment, 'longer')
  assert.equal(Date.parse(silence!.endsAt) - Date.parse(silence!.startsAt), 5 * 3_600_000)
  assert.equal((await ours(['silence', 'expire', id])).code, 0)
  assert.equal((await ours(['silence', 'query', '-q', '--id', id])).out, '')
  const imported = await ours(['silence', 'import', '--force'], json)
  assert.match(imported.out, /^[0-9a-f-]{36}$/)
  const foreign = json.replaceAll(id, '11111111-2222-3333-4444-555555555555')
  assert.match((await ours(['silence', 'import'], foreign)).out, /^[0-9a-f-]{36}$/)
  const broken = await ours(['silence', 'import'], '{')
  assert.match(broken.error, /^amtool: error: couldn't unmarshal input data/)
})

test('checks configurations and says where they are wrong', async () => {
  const bad = join(home.path, 'bad.yml')
  await writeFile(bad, 'route:\n  receiver: x\n')
  const result = await ours(['check-config', file, bad])
  assert.equal(result.code, 1)
  assert.match(result.out, /bad\.yml:2:13: error: undefined receiver "x" used in route/)
  assert.equal(result.error, 'amtool: error: failed to validate 1 file(s)')
})

test('the file of the stack is checked as it will be read: with the environment filled in', async () => {
  const stack = fileURLToPath(new URL('../../../../stack/alertmanager/config/alertmanager.yml', import.meta.url))
  const directory = process.cwd()
  process.chdir(fileURLToPath(new URL('../../../../', import.meta.url)))
  try {
    const result = await ours(['check-config', stack])
    assert.equal(result.code, 0, result.out)
    assert.equal((await ours(['config', 'routes', 'test', `--config.file=${stack}`, 'a=b'])).out, 'default')
  } finally {
    process.chdir(directory)
  }
})

test('renders templates with our defaults, as text and as HTML', async () => {
  const tmpl = join(home.path, 'x.tmpl')
  await writeFile(tmpl, '{{ define "mine" }}<{{ .Status }}>{{ end }}')
  const data = join(home.path, 'data.json')
  await writeFile(data, '{"status":"a<b","alerts":[{"labels":{"alertname":"x"}}]}')
  const render = (...args: string[]) => ours(['template', 'render', '--template.glob', tmpl, ...args])
  assert.equal((await render('--template.text={{ template "mine" . }}')).out, '<alertstatus>')
  const html = await render(
    '--template.text',
    '{{ template "mine" . }}',
    '--template.type=html',
    '--template.data',
    data,
  )
  assert.equal(html.out, '<a&lt;b>')
  assert.match((await render('--template.text={{ .None }}')).error, /^amtool: error: template: :1:3: executing/)
})

test('reads its configuration file, below the flags', async () => {
  const folder = join(home.path, '.config', 'amtool')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.yml'), 'output: json\nauthor: ada\ncomment_required: false\n')
  const { out: id } = await ours(['silence', 'add', 'Configured'])
  const [silence] = JSON.parse((await ours(['silence', 'query', '--id', id])).out) as { createdBy: string }[]
  assert.equal(silence!.createdBy, 'ada')
  assert.match((await ours(['silence', 'query', '-o', 'simple'])).out, /^ID {2}/)
  await writeFile(join(folder, 'config.yml'), '')
})

test('explains an unknown command or flag, a refused request and a server that is not there', async () => {
  assert.equal((await ours(['silences'])).error, 'amtool: error: expected command but got "silences"')
  assert.equal((await ours(['alert', 'query', '--nope'])).error, "amtool: error: unknown long flag '--nope'")
  assert.match((await ours(['silence', 'expire', 'nope'])).error, /\[422\].*must be of type uuid/)
  const { error, code } = await ours(['alert', 'query', '--alertmanager.url=http://127.0.0.1:1'])
  assert.equal(code, 1)
  assert.match(error, /^amtool: error: Get "http:\/\/127\.0\.0\.1:1\/api\/v2\/alerts\?.*ECONNREFUSED/)
})

test('sends the credentials of its HTTP configuration and warns of another version', async (t) => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end(request.url!.includes('status') ? '{"versionInfo":{"version":"0.27.0"}}' : '[]')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const http = join(home.path, 'http.yml')
  await writeFile(http, 'basic_auth: {username: me, password: secret}\n')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { error } = await ours(['alert', 'query', `--alertmanager.url=${address}`, '--http.config.file', http])
  assert.equal(error, 'Warning: amtool version (0.30.0) and alertmanager version (0.27.0) are different.')
  assert.deepEqual(new Set(seen), new Set([`Basic ${Buffer.from('me:secret').toString('base64')}`]))
})
