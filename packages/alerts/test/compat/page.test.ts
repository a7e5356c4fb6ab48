import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { runInNewContext } from 'node:vm'
import { startAlertmanager, startReceiver } from '../support/start.ts'

const ATTACK = '"><script>alert(1)</script>'

async function start(t: TestContext, hook: string): Promise<{ url: string; text(path: string): Promise<string> }> {
  const directory = await temporaryDirectory()
  const { running, url } = await startAlertmanager(
    directory.path,
    `route: {receiver: hook, group_by: [alertname], group_wait: 0s}\nreceivers: [{name: hook, webhook_configs: [{url: '${hook}'}]}]\n`,
  )
  t.after(async () => {
    await running.stop()
    await directory.remove()
  })
  const labels = { alertname: ATTACK, service: 'shop' }
  await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels, annotations: { summary: ATTACK }, generatorURL: 'javascript:alert(1)' }]),
  })
  return { url, text: async (path) => (await fetch(url + path)).text() }
}

const tokenOf = (page: string): string => /name="token" value="([^"]+)"/.exec(page)![1]

test('shows alerts without letting them write HTML, filters them, and refuses a bad filter', async (t) => {
  const { text, url } = await start(t, 'http://127.0.0.1:9/')
  const page = await text('/')
  assert.match(page, /1 alert in 1 group/)
  assert.match(page, /&quot;&gt;&lt;script&gt;alert\(1\)/)
  assert.doesNotMatch(page, /<script>alert/)
  assert.doesNotMatch(page, /href="javascript/)
  assert.match(await text(`/?filter=${encodeURIComponent('{service="shop"}')}&receiver=hook`), /1 alert in 1 group/)
  assert.match(await text(`/?filter=${encodeURIComponent('service="blog"')}`), /No alert passes the filter/)
  assert.match(await text('/?filter=a'), /role="alert"/)
  const { headers } = await fetch(url)
  assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/)
})

test('creates, previews, edits and expires a silence, but not for another site', async (t) => {
  const { text, url } = await start(t, 'http://127.0.0.1:9/')
  const token = tokenOf(await text('/silences/new'))
  const fields = { token, matchers: '{service="shop"}', duration: '2h', creator: 'ada', comment: 'why <b>' }
  const post = (path: string, form: Record<string, string>) =>
    fetch(url + path, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })

  const preview = await post('/silences/new', { ...fields, do: 'preview' })
  assert.match(await preview.text(), /1 firing alert matches/)
  const foreign = await post('/silences/new', { ...fields, token: 'x' })
  assert.equal(foreign.status, 403)
  assert.match(await foreign.text(), /why &lt;b&gt;/, 'what was typed stays')
  const wrong = await post('/silences/new', { ...fields, matchers: '{', duration: 'x', comment: '', start: 'soon' })
  assert.equal(wrong.status, 400)
  assert.equal((await wrong.text()).match(/role="alert"/g)?.length, 4)
  assert.match(await text('/silences'), /No silence is active/)

  const created = await post('/silences/new', fields)
  assert.equal(created.status, 303)
  const path = created.headers.get('location')!
  assert.match(await text(path), /service=&quot;shop&quot;|service<\/|shop/)
  assert.match(await text('/'), /hidden/)
  const id = path.split('/').at(-1)!
  const edited = await post('/silences/new', { ...fields, id, duration: '3h' })
  assert.ok(edited.headers.get('location')?.endsWith(id) || edited.status === 303)

  const last = edited.headers.get('location')!
  assert.equal((await post(`${last}/expire`, { token: 'x' })).status, 403)
  assert.equal((await post(`${last}/expire`, { token })).status, 303)
  assert.match(await text('/silences?state=expired'), /Recreate/)
  assert.equal((await fetch(`${url}/silences/none`)).status, 404)
})

test('the status page says how receivers are doing', async (t) => {
  const hook = await startReceiver(() => ({ status: 404, body: 'no such hook' }))
  t.after(() => hook.close())
  const { text } = await start(t, hook.url)
  await hook.next()
  let page = ''
  // The answer to the hook's request comes after the request.
  for (let tries = 0; tries < 200 && !page.includes('failing'); tries++) page = await text('/status')
  assert.match(page, /Status \(1 failing\)/)
  assert.match(page, /unexpected status code 404: no such hook/)
  assert.match(page, /url: &lt;secret&gt;/)
})

test('links of mails lead to their place, also in a tab that shows us already', async (t) => {
  const { text } = await start(t, 'http://127.0.0.1:9/')
  const script = /<script>([^]*?)<\/script>/.exec(await text('/'))![1]
  const went: string[] = []
  const listeners = new Map<string, () => void>()
  const location = { hash: '#/alerts?receiver=hook', replace: (url: string) => void went.push(url) }
  runInNewContext(script, {
    location,
    document: { querySelector: () => ({ getAttribute: () => '/' }) },
    addEventListener: (name: string, listener: () => void) => void listeners.set(name, listener),
  })
  for (const hash of ['#/silences/new?filter=%7Ba%3D%22b%22%7D', '#/status', '#section']) {
    location.hash = hash
    listeners.get('hashchange')?.()
  }
  assert.deepEqual(went, ['/?receiver=hook', '/silences/new?filter=%7Ba%3D%22b%22%7D', '/status'])
})
