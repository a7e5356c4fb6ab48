import type { MappedUser } from '../../../common/sign-in.ts'
import type { OAuthSettings } from '../../config/oauth-settings.ts'
import { SignInError } from './sign-in-error.ts'

/**
 * Whether this person may come in at all.
 * @param organizations what the provider lists, read only when the settings ask for it
 * @returns why not; `undefined` when they may
 */
export function admissionProblem(
  user: MappedUser,
  settings: OAuthSettings,
  organizations: readonly string[],
): SignInError | undefined {
  const { allowedDomains, allowedGroups, allowedOrganizations } = settings
  const email = user.email.toLowerCase()
  if (allowedDomains.length > 0 && !allowedDomains.some((domain) => email.endsWith(`@${domain.toLowerCase()}`))) {
    return refusal('Your email address is not of an allowed domain', {
      setting: 'allowed_domains',
      allowed: allowedDomains,
      yours: user.email,
    })
  }
  if (allowedGroups.length > 0 && !allowedGroups.some((group) => user.groups.includes(group))) {
    return refusal('You are in none of the groups that may sign in', {
      setting: 'allowed_groups',
      allowed: allowedGroups,
      yours: user.groups.join(', '),
      remedy:
        settings.paths.groups === ''
          ? 'Set groups_attribute_path: without it nobody is in any group.'
          : 'Keycloak writes groups with their path, such as /admins; allowed_groups must say it in the same way.',
    })
  }
  if (allowedOrganizations.length > 0 && !allowedOrganizations.some((name) => organizations.includes(name))) {
    return refusal('You are in none of the organizations that may sign in', {
      setting: 'allowed_organizations',
      allowed: allowedOrganizations,
      yours: organizations.join(', '),
    })
  }
  return undefined
}

function refusal(
  title: string,
  options: { setting: string; allowed: readonly string[]; yours: string; remedy?: string },
): SignInError {
  const { setting, allowed, yours, remedy } = options
  return new SignInError('not_allowed', {
    title,
    detail: `You were recognised by the provider, but ${setting} does not let you in.`,
    remedies: [
      'Ask the administrator of this server, or sign in with another account.',
      ...(remedy === undefined ? [] : [remedy]),
    ],
    facts: [
      { name: setting, value: allowed.join(', ') },
      { name: 'yours', value: yours || 'none' },
    ],
  })
}
