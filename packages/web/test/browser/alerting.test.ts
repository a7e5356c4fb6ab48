import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { hasUpstream, PASSWORD, startAlertingStack, type AlertingStack } from '../support/alerting-stack.ts'
import { launchBrowser } from '../support/browser.ts'

/** Another build than the package's own may be tested. */
const pageDirectory = process.env['QUARTET_WEB_DIST'] ?? fileURLToPath(new URL('../../dist/', import.meta.url))

/** The stack has no Loki, and a test takes Alertmanager away; the browser reports what these do not answer. */
const storeIsAway = /status of 502/

describe('alerting', { skip: hasUpstream ? false : 'needs Debian’s prometheus and prometheus-alertmanager' }, () => {
  let stack: AlertingStack
  let browser: Browser

  before(async () => {
    stack = await startAlertingStack({ pageDirectory })
    await untilFiring(stack)
    browser = await launchBrowser()
  })
  after(async () => {
    await browser?.close()
    await stack?.stop()
  })

  async function open(path: string): Promise<{ page: Page; problems: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    const problems: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !storeIsAway.test(message.text()))
        problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`))
    page.on('response', (response) => {
      if (response.status() === 404) problems.push(`404: ${response.url()}`)
    })
    await page.request.post(`${stack.url}/login`, { data: { user: 'admin', password: PASSWORD } })
    await page.goto(stack.url + path)
    return { page, problems }
  }

  const close = async ({ page, problems }: { page: Page; problems: string[] }): Promise<void> => {
    await page.context().close()
    assert.deepEqual(problems, [])
  }

  test('the list shows every state, the error of a rule and of a store, and is searched', async () => {
    const { page, problems } = await open('/alerting/list')
    const rule = (name: string) =>
      page.getByTestId('rule').filter({ has: page.getByRole('link', { name, exact: true }) })
    await rule('CheckoutErrors').getByText('Firing').waitFor()
    await rule('QueueGrows').getByText('Pending').waitFor()
    await rule('DiskFull').getByText('Normal').waitFor()
    await rule('BrokenRule').getByText('many-to-many matching not allowed').waitFor()
    await page.getByText('Loki (http://127.0.0.1:9) cannot be reached').waitFor()
    assert.equal(await page.getByTestId('alert-badge').textContent(), '2')
    await rule('CheckoutErrors').getByRole('button', { name: 'Show more' }).click()
    await rule('CheckoutErrors').getByTestId('instances').getByText('payment fails 11% of its requests').waitFor()
    await page.getByRole('button', { name: /Pending/ }).click()
    await rule('DiskFull').waitFor({ state: 'detached' })
    assert.equal(new URL(page.url()).searchParams.get('search'), 'state:pending')
    await page.getByPlaceholder(/Search by words/).fill('label:team=base type:alerting')
    await rule('TargetDown').waitFor()
    assert.equal(await page.getByTestId('rule').count(), 2)
    await close({ page, problems })
  })

  test('a rule is found by its name and shows expression, annotations, graph and history', async () => {
    const { page, problems } = await open('/alerting/prometheus/CheckoutErrors/find?from=now-5m&to=now')
    await page.getByTestId('expression').getByText('label_replace').first().waitFor()
    await page.getByRole('link', { name: 'https://example.org/status' }).waitFor()
    assert.equal(
      await page.getByRole('link', { name: 'Runbook' }).getAttribute('href'),
      'https://example.org/runbooks/checkout-errors',
    )
    await page.getByTestId('rule-graph').locator('canvas').first().waitFor()
    const history = page.getByTestId('rule-history')
    await history.locator('svg text', { hasText: 'checkout' }).waitFor()
    await history.getByText('Firing').first().waitFor()
    assert.match(page.url(), /\/alerting\/prometheus\/pr%24.+\/view\?from=now-5m&to=now$/)
    await page.reload()
    await page.getByRole('heading', { name: 'CheckoutErrors' }).waitFor()
    await page.goto(`${stack.url}/alerting/prometheus/NoSuchRule/find`)
    await page.getByText('Prometheus has no such rule now').waitFor()
    await close({ page, problems })
  })

  test('a silence is previewed, created, seen at its alert, and expired', async () => {
    const { page, problems } = await open('/alerting/list?search=rule:CheckoutErrors')
    await page.getByRole('link', { name: 'Silence CheckoutErrors' }).click()
    const preview = page.getByTestId('silence-preview')
    await preview.getByText('payment').waitFor()
    assert.equal(await preview.getByRole('listitem').count(), 2)
    await page.getByRole('button', { name: 'Add matcher' }).click()
    await page.getByLabel('Label 4').fill('service')
    await page.getByLabel('Value 4').fill('checkout')
    await preview.getByText('payment').waitFor({ state: 'detached' })
    assert.equal(await preview.getByRole('listitem').count(), 1)
    await page.getByRole('button', { name: 'Create silence' }).click()
    await page.getByText('Say why, others will ask').waitFor()
    await page.locator('#silence-comment').fill('the checkout is being moved')
    await page.getByRole('button', { name: 'Create silence' }).click()
    const silence = page.getByTestId('silence').filter({ hasText: 'the checkout is being moved' })
    await silence.getByRole('button', { name: '1 alert' }).waitFor()
    const [posted] = (await (await fetch(`${stack.alertmanagerUrl}/api/v2/silences`)).json()) as {
      matchers: { name: string; value: string }[]
      createdBy: string
    }[]
    assert.deepEqual(posted?.matchers.map(({ name, value }) => `${name}=${value}`).sort(), [
      'alertname=CheckoutErrors',
      'service=checkout',
      'severity=critical',
      'team=shop',
    ])
    assert.equal(posted?.createdBy, 'admin')

    await page.goto(`${stack.url}/alerting/prometheus/CheckoutErrors/find`)
    const row = page.getByTestId('instances').getByRole('row').filter({ hasText: 'checkout' })
    await row.getByText('Silenced').waitFor()
    assert.equal(await page.getByTestId('instances').getByText('Silenced').count(), 1)
    await row.getByText('Silenced').click()
    await page.getByRole('heading', { name: 'Edit silence' }).waitFor()
    await page.locator('#silence-comment').fill('the checkout was moved')
    await page.getByRole('button', { name: 'Save silence' }).click()

    const changed = page.getByTestId('silence').filter({ hasText: 'the checkout was moved' })
    await changed.getByRole('button', { name: 'Expire' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Expire' }).click()
    await page.getByText('Nothing is silenced').waitFor()
    await page.getByLabel('With expired').check()
    await changed.getByText('Expired').waitFor()
    await close({ page, problems })
  })

  test('contact points show their integrations and no secret', async () => {
    const { page, problems } = await open('/alerting/notifications')
    const chat = page.getByTestId('contact-point').filter({ hasText: 'shop-chat' })
    await chat.getByText('#shop').first().waitFor()
    await chat.getByText('PagerDuty', { exact: true }).click()
    await chat.getByText('routing_key').waitFor()
    const text = (await page.locator('#page').innerText()) + (await page.content())
    assert.doesNotMatch(text, /hunter2|0123456789abcdef|services\/abc/)
    await close({ page, problems })
  })

  test('the tree of policies tells which way labels go', async () => {
    const { page, problems } = await open('/alerting/routes')
    await page.locator('#route-labels').fill('team=shop severity=critical')
    await page.getByText('tells shop-chat and shop-hook').waitFor()
    await page.locator('#route-labels').fill('team=shop severity=info')
    await page.getByText('tells nobody').waitFor()
    await page.getByText('22:00–24:00').waitFor()
    await close({ page, problems })
  })

  test('panels of a dashboard show alerts, states and their history', async () => {
    const { page, problems } = await open('/d/panels')
    await page.getByRole('link', { name: 'CheckoutErrors' }).waitFor()
    await page.getByText('3 instances').waitFor()
    // Panels load one by one.
    await page.getByTestId('timeline').nth(1).waitFor()
    assert.equal(await page.getByTestId('timeline').count(), 2)
    await page
      .getByTestId('timeline')
      .first()
      .hover({ position: { x: 400, y: 40 } })
    await page.getByRole('link', { name: 'CheckoutErrors' }).click()
    await page.getByTestId('rule-history').waitFor()
    await close({ page, problems })
  })

  test('groups of notifications, and the error in place while Alertmanager is away', async () => {
    const { page, problems } = await open('/alerting/groups')
    await page.getByTestId('alert-group').filter({ hasText: 'shop-hook' }).getByText('2 alerts').waitFor()
    await stack.stopAlertmanager()
    for (const tab of ['Silences', 'Contact points', 'Notification policies', 'Active notifications']) {
      await page.getByRole('navigation', { name: 'Alerting' }).getByRole('link', { name: tab }).click()
      await page.getByText('Alertmanager does not answer').waitFor()
      await page
        .getByText(/cannot be reached: connect ECONNREFUSED/)
        .first()
        .waitFor()
    }
    await stack.startAlertmanager()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Alertmanager does not answer').waitFor({ state: 'detached' })
    await close({ page, problems })
  })
})

/** Rules are evaluated every second; the first alerts need one evaluation and one group wait. */
async function untilFiring({ alertmanagerUrl, prometheusUrl }: AlertingStack): Promise<void> {
  const deadlineMs = Date.now() + 60_000
  while (Date.now() < deadlineMs) {
    const groups = (await (await fetch(`${alertmanagerUrl}/api/v2/alerts/groups`)).json()) as { alerts: unknown[] }[]
    const rules = await (await fetch(`${prometheusUrl}/api/v1/rules`)).text()
    if (groups.length === 3 && rules.includes('"health":"err"') && rules.includes('"state":"pending"')) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('the rules did not get into their states within a minute')
}
