import type { Services } from './services.ts'

/** What is likely to go wrong with these settings, before anybody has tried. */
export function signInHints({ settings, singleSignOn }: Services, host: string): string[] {
  const hints: string[] = []
  const rootUrl = new URL(settings.text('server', 'root_url'))
  if (!singleSignOn) {
    return [
      'Single sign-on is off. Set GF_AUTH_GENERIC_OAUTH_ENABLED=true and the settings below; docs/sso.md shows each step.',
    ]
  }
  const sso = singleSignOn.settings
  if (host !== rootUrl.host)
    hints.push(
      `You opened this page at ${host}, but root_url says ${rootUrl.host}. The provider will send people to the latter.`,
    )
  if (settings.flag('security', 'cookie_secure') && rootUrl.protocol === 'http:')
    hints.push(
      'cookie_secure is on although root_url is http: browsers will not send the cookies, and every sign-in fails.',
    )
  if (!settings.flag('security', 'cookie_secure') && rootUrl.protocol === 'https:')
    hints.push('root_url is https: set cookie_secure = true, so that cookies never travel unencrypted.')
  if (sso.issuer === '' && sso.jwkSetUrl === '' && sso.scope.includes('openid'))
    hints.push(
      'Neither issuer nor jwk_set_url is set, so signatures of id tokens are not checked. Set issuer to have everything checked.',
    )
  if (!sso.scope.split(' ').includes('openid'))
    hints.push('scopes does not contain openid: there will be no id token, only what api_url tells.')
  if (!sso.usesPkce) hints.push('use_pkce is off. Providers and browsers of today support it; turn it on.')
  if (sso.paths.role === '' && !sso.isRoleSyncSkipped)
    hints.push(`role_attribute_path is not set: everybody gets the role ${sso.defaultRole} at every sign-in.`)
  if (sso.allowedGroups.length > 0 && sso.paths.groups === '')
    hints.push('allowed_groups is set without groups_attribute_path: nobody can sign in.')
  if (sso.usesRefreshToken && sso.issuer !== '' && /offline_access/.test(sso.scope) === false)
    hints.push('use_refresh_token is on. Keycloak gives refresh tokens always; others want the scope offline_access.')
  if (sso.signoutUrl === '')
    hints.push('signout_redirect_url is not set: who signs out here stays signed in at the provider.')
  if (sso.signoutUrl !== '' && !sso.signoutUrl.includes('post_logout_redirect_uri'))
    hints.push(
      'signout_redirect_url has no post_logout_redirect_uri, so the provider may ask whether to sign out, and will not lead back.',
    )
  if (sso.isEmailLookupAllowed)
    hints.push(
      'oauth_allow_insecure_email_lookup is on: whoever can choose an address at the provider can take over the account that has it.',
    )
  if (settings.text('security', 'admin_password') === '' && settings.flag('auth', 'disable_login_form'))
    hints.push(
      'The login form is hidden and no administrator password is configured: set GRAFANA_ADMIN_PASSWORD, so that you get in when the provider is down.',
    )
  return hints
}
