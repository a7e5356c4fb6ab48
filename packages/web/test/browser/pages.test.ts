import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, openPage } from '../support/browser.ts'
import { startFixtureServer, type FixtureServer } from '../support/fixture-server.ts'
import { fixtureTraceId } from '../support/fixture-stores.ts'

let server: FixtureServer
let browser: Browser

before(async () => {
  server = await startFixtureServer()
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await server?.close()
})

/** The browser itself reports refused requests; tests that provoke one allow it. */
const refused = /Failed to load resource: the server responded with a status of (400|401|404)/

const explore = (datasource: string, query: object): string => {
  const pane = { datasource, queries: [{ refId: 'A', ...query }], range: { from: 'now-1h', to: 'now' } }
  return `${server.url}/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify({ a: pane }))}`
}

describe('signing in', () => {
  test('a wrong password is explained, the right one leads to where one wanted to go', async () => {
    const { page, problems } = await openPage(browser, { allowed: refused })
    await page.goto(`${server.url}/dashboards`)
    await page.getByLabel('Email or username').fill('admin')
    await page.locator('#password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Invalid username or password').waitFor()
    await page.locator('#password').fill('secret')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Dashboards' }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/dashboards')
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('signing out leads to the login page', async () => {
    const { page } = await openPage(browser, { signedInAt: server.url })
    await page.goto(server.url)
    await page.getByLabel('Signed in as admin').click()
    await page.getByText('Sign out').click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.context().close()
  })
})

describe('home and the list of dashboards', () => {
  test('home tells which store is up and which is not', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url })
    await page.goto(server.url)
    await page.getByText('connect ECONNREFUSED 127.0.0.1:3200').waitFor()
    assert.equal(await page.getByText('Up', { exact: true }).count(), 2)
    await page.getByRole('link', { name: 'Service overview' }).waitFor()
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('the list is searched by words, and the search is in the URL', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url })
    await page.goto(`${server.url}/dashboards`)
    await page.getByRole('link', { name: 'Quartet itself' }).waitFor()
    await page.getByPlaceholder('Search for dashboards').fill('overview')
    await page.getByRole('link', { name: 'Quartet itself' }).waitFor({ state: 'detached' })
    assert.equal(new URL(page.url()).searchParams.get('query'), 'overview')
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('the theme changes without loading the page again', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url })
    await page.goto(server.url)
    await page.getByLabel('Switch to the light theme').click()
    await page.getByLabel('Switch to the dark theme').waitFor()
    assert.equal(await page.evaluate('document.body.classList.contains("light")'), true)
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('an unknown page and an unknown dashboard say so', async () => {
    const { page } = await openPage(browser, { signedInAt: server.url, allowed: refused })
    for (const path of ['/nowhere', '/d/nowhere']) {
      await page.goto(server.url + path)
      await page.getByText('There is no such page').waitFor()
    }
    await page.context().close()
  })
})

describe('a dashboard', () => {
  test('shows every panel; a failing query is shown with its error, an unknown panel by its type', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url, allowed: refused })
    await page.goto(`${server.url}/d/overview`)
    await page.getByText('parse error: unexpected end of input').waitFor()
    await page.getByText('broken(').waitFor()
    await page.locator('canvas').first().waitFor()
    await page.getByText('checkout:8080').waitFor()
    await page.locator('#page').evaluate((element) => element.scrollTo(0, 5000))
    await page.getByText('Quartet does not draw panels of type').waitFor()
    await page.getByTestId('log-list').getByText('order placed').first().waitFor()
    await page.getByRole('link', { name: fixtureTraceId }).waitFor()
    assert.equal(await page.evaluate('window.hacked'), undefined, 'scripts of text panels must not run')
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('panels without data show the text that they have for it', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url })
    await page.goto(`${server.url}/d/empty`)
    for (const type of ['timeseries', 'bargauge', 'gauge', 'piechart', 'table', 'stat'])
      await page.getByText(`No ${type}`, { exact: true }).waitFor()
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('variables are in the URL and in the queries', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url, allowed: refused })
    const asked = page.waitForRequest((request) => /job%3D%7E%22cart%22/.test(request.postData() ?? ''))
    await page.goto(`${server.url}/d/overview?var-job=cart&from=now-3h&to=now`)
    await asked
    await page.getByText('Last 3 hours').waitFor()
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('one panel fills the page, and its data can be inspected', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url, allowed: refused })
    await page.goto(`${server.url}/d/overview?viewPanel=panel-1`)
    await page.locator('canvas').first().waitFor()
    assert.equal(await page.getByText('Queue length').count(), 0)
    await page.goto(`${server.url}/d/overview?inspect=panel-11&inspectTab=data`)
    await page.getByRole('link', { name: 'Download as CSV' }).waitFor()
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('a changed file is shown without loading the page again', async () => {
    const { page } = await openPage(browser, { signedInAt: server.url, allowed: refused })
    const watching = page.waitForResponse((response) => response.url().endsWith('/api/live/dashboards'))
    await page.goto(`${server.url}/d/overview`)
    await page.getByText('Service overview').waitFor()
    await watching
    server.setTitle('Another title')
    server.announce('overview')
    await page.getByText('Another title').waitFor()
    server.setTitle('Service overview')
    await page.context().close()
  })
})

describe('Explore', () => {
  test('PromQL gives a graph, a table and exemplars', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url })
    await page.goto(explore('prometheus', { expr: 'sum by (job) (rate(x[5m]))', exemplar: true }))
    await page.locator('canvas').first().waitFor()
    await page.getByText('payment:8080').waitFor()
    await page.getByLabel('Exemplar').first().click()
    await page.getByRole('link', { name: fixtureTraceId }).waitFor()
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('shift+enter runs what is typed and puts it into the URL', async () => {
    const { page } = await openPage(browser, { signedInAt: server.url })
    await page.goto(explore('prometheus', { expr: '' }))
    await page.getByRole('textbox', { name: 'Query' }).click()
    await page.keyboard.type('vector(7)')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Shift+Enter')
    await page.locator('canvas').first().waitFor()
    assert.match(decodeURIComponent(page.url()), /vector\(7\)/)
    await page.context().close()
  })

  test('from a log line to its trace, from a span to its logs and metrics', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url })
    await page.goto(explore('loki', { expr: '{service_name="checkout"}' }))
    await page.getByTestId('log-list').locator('button').first().click()
    await page.getByRole('link', { name: 'Open the trace' }).click()
    await page.getByTestId('trace-view').waitFor()
    await page.getByText('POST /charge').click()
    const detail = page.getByTestId('span-detail')
    await detail.getByText('Error: card expired').waitFor()
    assert.match((await detail.getByRole('link', { name: /Request rate/ }).getAttribute('href')) ?? '', /http_server/)
    await detail.getByRole('link', { name: 'Logs for this span' }).click()
    await page.getByTestId('log-list').waitFor()
    assert.match(decodeURIComponent(page.url()), new RegExp(`trace_id=.+${fixtureTraceId}`))
    assert.deepEqual(problems, [])
    await page.context().close()
  })

  test('TraceQL gives a table whose ids open the trace; spans below can be hidden', async () => {
    const { page, problems } = await openPage(browser, { signedInAt: server.url })
    await page.goto(explore('tempo', { query: '{ duration > 100ms }' }))
    await page.getByRole('link', { name: fixtureTraceId }).click()
    const trace = page.getByTestId('trace-view')
    await trace.getByText('redis GET').waitFor()
    await trace.getByRole('button', { name: 'Collapse' }).click()
    await trace.getByText('redis GET').waitFor({ state: 'detached' })
    assert.deepEqual(problems, [])
    await page.context().close()
  })
})

test('the page asks for nothing that is not there', () => {
  assert.deepEqual(server.missing, [])
})
