import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, openPage } from '../support/browser.ts'
import { CLIENT, IdentityProvider } from '../support/identity-provider.ts'
import { MovedClock } from '../support/moved-clock.ts'
import { PASSWORD } from '../support/running-web.ts'
import { SsoStack } from '../support/sso-stack.ts'

/** A private build may be named, so that tests can run while another one is written. */
const pageDirectory = process.env['QUARTET_WEB_DIST'] ?? fileURLToPath(new URL('../../dist', import.meta.url))
const screenshots = process.env['QUARTET_SCREENSHOTS']
const skip = existsSync(pageDirectory) ? false : 'the browser part is not built'

const ACCOUNTS = {
  ada: {
    sub: 'u-1',
    name: 'Ada Lovelace',
    email: 'ada@example.org',
    preferred_username: 'ada',
    roles: ['admin'],
    groups: ['/admins'],
  },
}
const ROLES = "contains(roles, 'admin') && 'Admin' || 'Viewer'"

let browser: Browser
let stack: SsoStack
let provider: IdentityProvider
let page: Page
let problems: string[]

before(async () => {
  browser = await launchBrowser()
})
after(() => browser?.close())
beforeEach(async () => {
  stack = await SsoStack.open()
  provider = await IdentityProvider.start({
    accounts: ACCOUNTS,
    redirectUri: stack.redirectUri,
    configuration: { ttl: { AccessToken: 60 } },
  })
  ;({ page, problems } = await openPage(browser, { allowed: /status of (401|404|502)|favicon/ }))
})
afterEach(async () => {
  await page.context().close()
  await provider.stop()
  await stack.close()
})

const start = (environment: Record<string, string> = {}, clock?: MovedClock) =>
  stack.start(
    {
      ISSUER: provider.issuer,
      CLIENT_SECRET: CLIENT.secret,
      LOGIN_ATTRIBUTE_PATH: 'preferred_username',
      GROUPS_ATTRIBUTE_PATH: 'groups',
      ROLE_ATTRIBUTE_PATH: ROLES,
      SIGNOUT_REDIRECT_URL: `${provider.issuer}/session/end?post_logout_redirect_uri=${encodeURIComponent(`${stack.url}/login`)}`,
      ...environment,
    },
    { pageDirectory, ...(clock && { clock }) },
  )

const path = (): string => page.url().slice(stack.url.length)
const providerButton = () => page.getByRole('link', { name: 'Sign in with Keycloak' })

async function shoot(name: string): Promise<void> {
  if (screenshots !== undefined) await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true })
}

async function answerAs(name: string): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
}

async function logInAsAdmin(): Promise<void> {
  await page.getByLabel('Email or username').fill('admin')
  await page.locator('#password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('Signed in as admin').waitFor()
}

describe('single sign-on in Chromium', { skip }, () => {
  test('the first login creates the user with the mapped role, and signing out ends both sessions', async () => {
    await start()
    await page.goto(`${stack.url}/dashboards`)
    await providerButton().waitFor()
    await page.getByText('Quartet 0.1.0').waitFor()
    await shoot('login')
    await providerButton().click()
    await answerAs('ada')
    await page.getByLabel('Signed in as ada').click()
    await page.getByText('Admin · Quartet 0.1.0').waitFor()
    assert.equal(path(), '/dashboards')
    await page.getByText('Sign out').click()
    await providerButton().waitFor()
    assert.equal(path(), '/login')
    await providerButton().click()
    await page.getByLabel('Name').waitFor()
    assert.deepEqual(problems, [])
  })

  test('the login form is hidden, the administrator has another door', async () => {
    await start({ GF_AUTH_DISABLE_LOGIN_FORM: 'true' })
    await page.goto(`${stack.url}/login`)
    await providerButton().waitFor()
    assert.equal(await page.locator('#password').count(), 0)
    await shoot('login-form-hidden')
    await page.getByRole('link', { name: 'Administrator sign-in' }).click()
    await page.getByText('This form is for the administrator only').waitFor()
    await shoot('login-admin')
    await logInAsAdmin()
  })

  test('a session is refreshed, and ends with the provider’s', async () => {
    const clock = new MovedClock()
    await start({ USE_REFRESH_TOKEN: 'true' }, clock)
    await page.goto(`${stack.url}/login`)
    await providerButton().click()
    await answerAs('ada')
    await page.getByLabel('Signed in as ada').waitFor()
    clock.move(60_000)
    await page.reload()
    await page.getByLabel('Signed in as ada').waitFor()
    await page.goto('about:blank')
    await provider.revokeAll()
    clock.move(60_000)
    await page.goto(`${stack.url}/dashboards`)
    await providerButton().waitFor()
    assert.equal(path(), '/login?redirectTo=%2Fdashboards')
  })

  test('a role path that gives nothing is explained', async () => {
    await start({
      ROLE_ATTRIBUTE_PATH: "contains(realm_access.roles[*], 'boss') && 'Admin'",
      ROLE_ATTRIBUTE_STRICT: 'true',
    })
    await page.goto(`${stack.url}/login`)
    await providerButton().click()
    await answerAs('ada')
    const problem = page.getByTestId('sign-in-problem')
    await problem.getByText('No role could be found for you').waitFor()
    const text = await problem.innerText()
    assert.match(text, /contains\(realm_access\.roles\[\*\], 'boss'\)/)
    assert.match(text, /userinfo: roles\s+\["admin"\]/)
    const id = /Error id\s+([0-9a-f]{24})/.exec(text)?.[1]
    assert.ok(stack.web.records.some(({ fields }) => fields['errorId'] === id))
    await shoot('login-failed')
  })

  test('a provider that is down is explained, once, and the administrator gets in', async () => {
    await start({ GF_AUTH_DISABLE_LOGIN_FORM: 'true', AUTO_LOGIN: 'true' })
    await provider.goDown()
    await page.goto(`${stack.url}/dashboards`)
    await page.getByText('Keycloak does not answer').waitFor()
    await shoot('provider-down')
    assert.match(path(), /^\/login\?failed=[0-9a-f]{24}$/)
    await page.getByRole('link', { name: 'Administrator sign-in' }).click()
    await logInAsAdmin()
  })

  test('people are signed in by themselves, and stay signed out', async () => {
    await start({ AUTO_LOGIN: 'true', SIGNOUT_REDIRECT_URL: '' })
    await page.goto(`${stack.url}/dashboards`)
    await answerAs('ada')
    await page.getByLabel('Signed in as ada').click()
    assert.equal(path(), '/dashboards')
    await page.getByText('Sign out').click()
    await providerButton().waitFor()
    await page.reload()
    await providerButton().waitFor()
    await providerButton().click()
    await page.getByLabel('Signed in as ada').waitFor()
  })

  test('an administrator tries out the settings and another expression', async () => {
    await start({ ROLE_ATTRIBUTE_PATH: "contains(roles, 'boss') && 'Admin'", ROLE_ATTRIBUTE_STRICT: 'true' })
    await page.goto(`${stack.url}/login?redirectTo=%2Fadmin%2Fauthentication`)
    await logInAsAdmin()
    await page.getByText(stack.redirectUri).first().waitFor()
    await page.getByText('GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET').waitFor()
    assert.ok(!(await page.locator('main').innerText()).includes(CLIENT.secret))
    await shoot('authentication')
    await page.getByRole('link', { name: 'Test sign-in' }).click()
    await answerAs('ada')
    const result = page.getByTestId('sign-in-test')
    await result.getByText('No role could be found for you').waitFor()
    await shoot('test-failed')
    await result.getByLabel('role_attribute_path').fill("contains(roles, 'admin') && 'Editor'")
    const outcome = result.getByTestId('sign-in-outcome')
    await outcome.getByText('Editor').waitFor()
    await outcome.getByText('A new user "ada" would be created.').waitFor()
    await shoot('test-fixed')
    await page.getByRole('tab', { name: 'Users' }).click()
    await page.getByRole('cell', { name: 'admin@localhost' }).waitFor()
    assert.equal(await page.getByRole('cell', { name: 'ada@example.org' }).count(), 0)
    assert.deepEqual(problems, [])
  })

  test('the list of users tells who signs in how', async () => {
    const web = await start()
    await page.goto(`${stack.url}/login`)
    await providerButton().click()
    await answerAs('ada')
    await page.getByLabel('Signed in as ada').waitFor()
    // The page would notice that its session is gone, and go to the login page by itself at the same time.
    await page.goto('about:blank')
    await page.context().clearCookies()
    await page.goto(`${stack.url}/login?redirectTo=%2Fadmin%2Fusers`)
    await logInAsAdmin()
    const row = page.getByRole('row', { name: /ada@example\.org/ })
    await row.getByText('Generic OAuth').waitFor()
    await shoot('users')
    await row.getByRole('button', { name: 'Disable' }).click()
    await row.getByText('Disabled').waitFor()
    await web.logIn()
    const { users } = await web.json<{ users: { login: string; isDisabled: boolean }[] }>('/api/users/search?query=ada')
    assert.deepEqual(
      users.map(({ isDisabled }) => isDisabled),
      [true],
    )
    assert.deepEqual(problems, [])
  })
})
