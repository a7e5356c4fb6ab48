import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import type { BootData, DashboardHitDto, DashboardWithMetaDto } from '../../common/api.ts'
import { PASSWORD, RunningWeb } from '../../../test/support/running-web.ts'

let web: RunningWeb

before(async () => {
  web = await RunningWeb.start({
    files: {
      'dist/index.html': '<script nonce="__QUARTET_NONCE__">window.grafanaBootData = "__QUARTET_BOOT_DATA__"</script>',
      'dist/public/assets/main-1234.js': 'console.log(1)',
      'dist/public/assets/main-1234.js.gz': 'packed',
      'dist/public/img/icon.svg': '<svg/>',
    },
  })
  await web.logIn()
})
after(() => web.stop())
beforeEach(() => {
  web.store.seen.length = 0
})

test('health needs nobody and has upstream’s shape', async () => {
  const response = await web.fetch('/api/health', { headers: { cookie: '' } })
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { database: 'ok', version: '12.3.1', commit: 'quartet' })
})

test('the session cookie is for the server only', async () => {
  const response = await web.fetch('/login', { method: 'POST', json: { user: 'admin', password: PASSWORD } })
  const [session, expiry] = response.headers.getSetCookie()
  assert.match(session, /^grafana_session=[0-9a-f]{64}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/)
  assert.match(expiry, /^grafana_session_expiry=\d+; /)
  assert.deepEqual(await response.json(), { message: 'Logged in', redirectUrl: '/' })
})

test('a wrong password is refused without saying why', async () => {
  for (const user of ['admin', 'nobody']) {
    const response = await web.fetch('/login', { method: 'POST', json: { user, password: 'wrong' } })
    assert.equal(response.status, 401)
    assert.equal(((await response.json()) as { message: string }).message, 'Invalid username or password')
    assert.deepEqual(response.headers.getSetCookie(), [])
  }
  assert.equal((await web.fetch('/login', { method: 'POST', json: { user: 1 } })).status, 400)
})

test('the API wants a session or basic auth', async () => {
  for (const path of ['/api/user', '/api/search', '/api/datasources', '/api/bootdata', '/api/dashboards/uid/one']) {
    const response = await web.fetch(path, { headers: { cookie: '' } })
    assert.equal(response.status, 401, path)
    assert.deepEqual(await response.json(), { message: 'Unauthorized' })
  }
  const authorization = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`
  const user = await web.json('/api/user', { headers: { cookie: '', authorization } })
  assert.equal(user['login'], 'admin')
  const wrong = `Basic ${Buffer.from('admin:nope').toString('base64')}`
  assert.equal((await web.fetch('/api/user', { headers: { cookie: '', authorization: wrong } })).status, 401)
})

test('logging out ends the session', async () => {
  const login = await web.fetch('/login', { method: 'POST', json: { user: 'admin', password: PASSWORD } })
  const cookie = login.headers.getSetCookie()[0].split(';')[0]
  const response = await web.fetch('/logout', { headers: { cookie } })
  assert.deepEqual([response.status, response.headers.get('location')], [302, '/login'])
  assert.match(response.headers.getSetCookie()[0], /^grafana_session=; Path=\/; Max-Age=0/)
  assert.equal((await web.fetch('/api/user', { headers: { cookie } })).status, 401)
})

test('another site cannot make a browser write', async () => {
  const save = (origin: string): Promise<Response> =>
    web.fetch('/api/dashboards/db', { method: 'POST', json: {}, headers: { origin } })
  const refused = await save('https://evil.example')
  assert.deepEqual([refused.status, await refused.json()], [403, { message: 'origin not allowed' }])
  assert.equal((await save('null')).status, 403)
  assert.equal((await save(web.url)).status, 400, 'the own origin may, and is told that its data is bad')
  assert.equal((await web.fetch('/api/user', { headers: { origin: 'https://evil.example' } })).status, 200)
})

test('the page carries nonce, boot data and protecting headers', async () => {
  const response = await web.fetch('/d/one/one', { headers: { accept: 'text/html' } })
  const html = await response.text()
  const nonce = /nonce="([^"]+)"/.exec(html)?.[1] ?? ''
  assert.ok(response.headers.get('content-security-policy')?.includes(`'nonce-${nonce}'`))
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('x-frame-options'), 'deny')
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  const data = JSON.parse(/grafanaBootData = (.*)<\/script>/.exec(html)?.[1] ?? '') as BootData
  assert.equal(data.user.login, 'admin')
  assert.deepEqual(
    data.dataSources.map(({ uid }) => uid),
    ['prometheus', 'loki', 'tempo', 'gone'],
  )
  assert.ok(!html.includes('tenant'), 'secrets stay on the server')
  const stranger = await (await web.fetch('/', { headers: { accept: 'text/html', cookie: '' } })).text()
  assert.match(stranger, /"isSignedIn":false/)
  assert.match(stranger, /"dataSources":\[\]/)
  assert.ok(!stranger.includes('12.3.1","commit'), 'a stranger learns no version')
})

test('built files are cached for ever and sent packed when they are', async () => {
  const file = await web.fetch('/public/assets/main-1234.js', { headers: { 'accept-encoding': 'identity' } })
  assert.equal(file.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  assert.equal(await file.text(), 'console.log(1)')
  const icon = await web.fetch('/public/img/icon.svg')
  assert.match(icon.headers.get('cache-control') ?? '', /max-age=3600/)
  assert.match(icon.headers.get('content-type') ?? '', /image\/svg\+xml/)
  const missing = await web.fetch('/public/assets/none.js')
  assert.deepEqual([missing.status, await missing.json()], [404, { message: 'Not found' }])
  assert.equal((await web.fetch('/public/..%2findex.html')).status, 404)
})

test('an unknown API path is 404 in JSON', async () => {
  const response = await web.fetch('/api/nothing', { headers: { accept: 'text/html' } })
  assert.deepEqual([response.status, await response.json()], [404, { message: 'Not found' }])
})

test('finds and reads a provisioned dashboard, and does not save over it', async () => {
  const [hit] = await web.json<DashboardHitDto[]>('/api/search?type=dash-db&tag=shop')
  assert.deepEqual([hit.uid, hit.url, hit.type], ['one', '/d/one/one', 'dash-db'])
  const { dashboard, meta } = await web.json<DashboardWithMetaDto>('/api/dashboards/uid/one')
  assert.deepEqual(
    [dashboard.title, meta.provisioned, meta.provisionedExternalId, meta.canSave],
    ['One', true, 'one.json', false],
  )
  const save = await web.fetch('/api/dashboards/db', { method: 'POST', json: { dashboard } })
  assert.deepEqual([save.status, await save.json()], [400, { message: 'Cannot save provisioned dashboard' }])
  const removal = await web.fetch('/api/dashboards/uid/one', { method: 'DELETE' })
  assert.deepEqual(
    [removal.status, await removal.json()],
    [400, { message: 'provisioned dashboard cannot be deleted' }],
  )
})

test('saves a dashboard, refuses an outdated one, keeps versions, stars and removes it', async () => {
  const save = (json: unknown): Promise<Response> => web.fetch('/api/dashboards/db', { method: 'POST', json })
  const first = (await (await save({ dashboard: { title: 'Mine' }, message: 'first' })).json()) as {
    uid: string
    id: number
  }
  const again = { dashboard: { id: first.id, uid: first.uid, title: 'Mine 2', version: 1 } }
  assert.equal((await save(again)).status, 200)
  const conflict = await save(again)
  assert.deepEqual(
    [conflict.status, await conflict.json()],
    [412, { message: 'The dashboard has been changed by someone else', status: 'version-mismatch' }],
  )
  const { versions } = await web.json<{ versions: { version: number; message: string }[] }>(
    `/api/dashboards/uid/${first.uid}/versions`,
  )
  assert.deepEqual(
    versions.map(({ version, message }) => [version, message]),
    [
      [2, ''],
      [1, 'first'],
    ],
  )
  await web.fetch(`/api/user/stars/dashboard/uid/${first.uid}`, { method: 'POST' })
  const starred = await web.json<DashboardHitDto[]>('/api/search?starred=true')
  assert.deepEqual(
    starred.map(({ uid, isStarred }) => [uid, isStarred]),
    [[first.uid, true]],
  )
  const removal = await web.json(`/api/dashboards/uid/${first.uid}`, { method: 'DELETE' })
  assert.equal(removal['message'], 'Dashboard Mine 2 deleted')
  const gone = await web.fetch(`/api/dashboards/uid/${first.uid}`)
  assert.deepEqual([gone.status, await gone.json()], [404, { message: 'Dashboard not found' }])
})

test('bad bodies are 400 with a message', async () => {
  const post = (body: string): Promise<Response> =>
    web.fetch('/api/dashboards/db', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  for (const body of [
    '{',
    '[]',
    '{"dashboard":5}',
    '{"dashboard":{"title":"x","uid":"not good"}}',
    '{"dashboard":{}}',
  ]) {
    const response = await post(body)
    assert.equal(response.status, 400, body)
    assert.ok(((await response.json()) as { message: string }).message)
  }
})

test('preferences are kept', async () => {
  assert.deepEqual(await web.json('/api/user/preferences'), {
    theme: 'dark',
    timezone: 'browser',
    weekStart: 'browser',
  })
  await web.fetch('/api/user/preferences', { method: 'PATCH', json: { theme: 'light' } })
  assert.equal((await web.json('/api/user/preferences'))['theme'], 'light')
  const bad = await web.fetch('/api/user/preferences', { method: 'PATCH', json: { theme: 'pink' } })
  assert.equal(bad.status, 400)
})

test('settings for administrators hide secrets', async () => {
  const settings = await web.json<Record<string, Record<string, string>>>('/api/admin/settings')
  assert.equal(settings['security']['admin_password'], '*********')
  assert.ok(!JSON.stringify(settings).includes(PASSWORD))
})

test('a page hears of a dashboard whose file changes; a broken file is reported', async () => {
  const response = await web.fetch('/api/live/dashboards')
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const path = join(web.stackDirectory, 'grafana/provisioning/dashboards/two.json')
  await writeFile(path, '{"uid":"two","title":"Two"}')
  await web.json('/api/admin/provisioning/dashboards/reload', { method: 'POST' })
  let text = ''
  while (!text.includes('data:')) text += (await reader.read()).value ?? ''
  assert.match(text, /data: \{"uid":"two","action":"saved","version":1\}\n\n/)
  await reader.cancel()
  await writeFile(path, '{"uid":"two",\n"title" 5}')
  await web.json('/api/admin/provisioning/dashboards/reload', { method: 'POST' })
  const status = await web.json<{ dashboards: { problems: string[] }[] }>('/api/admin/provisioning/status')
  assert.deepEqual(status.dashboards[0].problems, [`${path}:2:9: error: expected ":", found "5"`])
  assert.equal((await web.json<DashboardWithMetaDto>('/api/dashboards/uid/two')).dashboard.title, 'Two')
})

test('broken data source files keep the old ones', async () => {
  const path = join(web.stackDirectory, 'grafana/provisioning/datasources/b.yaml')
  await writeFile(path, 'datasources: [{type: loki}]\n')
  const response = await web.fetch('/api/admin/provisioning/datasources/reload', { method: 'POST' })
  assert.equal(response.status, 500)
  assert.match(((await response.json()) as { message: string }).message, /b\.yaml:1:\d+: error: /)
  assert.equal((await web.json<unknown[]>('/api/datasources')).length, 4)
  await writeFile(path, 'datasources: []\n')
})

test('measures itself under upstream’s names', async () => {
  const text = await (await web.fetch('/metrics')).text()
  assert.match(text, /grafana_build_info\{version="12\.3\.1",edition="oss"\} 1/)
  assert.match(text, /grafana_http_request_duration_seconds_bucket\{le="0\.005",handler="\/api\/health"/)
  assert.match(text, /grafana_stat_totals_dashboard \d/)
})

test('stops although a page is listening', async () => {
  const other = await RunningWeb.start()
  await other.logIn()
  const response = await other.fetch('/api/live/dashboards')
  const page = await other.fetch('/', { headers: { accept: 'text/html' } })
  assert.equal(page.status, 503)
  assert.match(await page.text(), /The browser part is not built/)
  await other.stop()
  await response.text()
})
