import type { Clock } from '@quartet/runtime'
import type { MappedUser } from '../../../common/sign-in.ts'
import type { OAuthSettings } from '../../config/oauth-settings.ts'
import type { UserRow, Users } from '../../storage/users.ts'
import { SignInError } from './sign-in-error.ts'

/** Upstream's name of generic OAuth in `user_auth`. */
export const AUTH_MODULE = 'oauth_generic_oauth'

/** Makes the user of this server follow what the provider says. */
export class UserSync {
  readonly #users: Users
  readonly #settings: OAuthSettings
  readonly #clock: Clock

  constructor(options: { users: Users; settings: OAuthSettings; clock: Clock }) {
    this.#users = options.users
    this.#settings = options.settings
    this.#clock = options.clock
  }

  /** @throws SignInError when the user is disabled, may not be created, or is somebody else's already */
  async apply(mapped: MappedUser): Promise<UserRow> {
    const nowMs = this.#clock.nowMs()
    const known = (await this.#users.findExternal(AUTH_MODULE, mapped.authId)) ?? (await this.#adopt(mapped))
    if (known?.is_disabled === 1) throw disabled()
    if (known) await this.#update(known, mapped)
    else await this.#create(mapped)
    const user = await this.#users.findExternal(AUTH_MODULE, mapped.authId)
    if (!user) throw new Error(`user ${mapped.login} is not there although it was just written`)
    await this.#users.markSeen(user.id, nowMs)
    return user
  }

  /** What {@link apply} would do, in words. */
  async preview(mapped: MappedUser): Promise<string> {
    const known = await this.#users.findExternal(AUTH_MODULE, mapped.authId)
    if (known?.is_disabled === 1) return `The user "${known.login}" is disabled and would be refused.`
    if (known)
      return `The user "${known.login}" is there already, with the role ${known.org_role}, and would be updated.`
    const taken = await this.#takenBy(mapped)
    if (taken && this.#mayAdopt(mapped)) return `The local user "${taken.login}" would be linked to this account.`
    if (taken)
      return `The local user "${taken.login}" has this login or email address, so the sign-in would be refused.`
    return this.#settings.isSignUpAllowed
      ? `A new user "${mapped.login}" would be created.`
      : 'Nobody like this is there, and allow_sign_up is off, so the sign-in would be refused.'
  }

  /** The local user of the same address, when the settings say that the address may be trusted. */
  async #adopt(mapped: MappedUser): Promise<UserRow | undefined> {
    const taken = await this.#takenBy(mapped)
    if (!taken) return undefined
    if (!this.#mayAdopt(mapped)) throw this.#takenError(mapped, taken)
    await this.#users.linkExternal(taken.id, {
      authModule: AUTH_MODULE,
      authId: mapped.authId,
      nowMs: this.#clock.nowMs(),
    })
    return taken
  }

  async #takenBy(mapped: MappedUser): Promise<UserRow | undefined> {
    return (await this.#users.findAny(mapped.email)) ?? (await this.#users.findAny(mapped.login))
  }

  #mayAdopt(mapped: MappedUser): boolean {
    return this.#settings.isEmailLookupAllowed && mapped.isEmailVerified !== false
  }

  async #create(mapped: MappedUser): Promise<void> {
    if (!this.#settings.isSignUpAllowed) {
      throw new SignInError('user', {
        title: 'There is no account for you here',
        detail: `You were recognised as "${mapped.login}", but new people are not let in by themselves (allow_sign_up = false).`,
        remedies: ['Ask the administrator of this server for an account, or set allow_sign_up = true.'],
      })
    }
    const { authId, login, email, name, role, isAdmin = false } = mapped
    const nowMs = this.#clock.nowMs()
    // Without role sync a new user gets the default role, as upstream.
    const given = this.#settings.isRoleSyncSkipped ? (this.#settings.defaultRole as MappedUser['role']) : role
    await this.#users.createExternal({
      authModule: AUTH_MODULE,
      authId,
      login,
      email,
      name,
      role: given,
      isAdmin,
      nowMs,
    })
  }

  async #update(known: UserRow, mapped: MappedUser): Promise<void> {
    for (const wanted of [mapped.login, mapped.email]) {
      const other = await this.#users.findAny(wanted)
      if (other && other.id !== known.id) throw this.#takenError(mapped, other)
    }
    const { login, email, name, role, isAdmin } = mapped
    const synced = this.#settings.isRoleSyncSkipped ? {} : { role, ...(isAdmin !== undefined && { isAdmin }) }
    await this.#users.updateExternal(known.id, { login, email, name, ...synced }, this.#clock.nowMs())
  }

  #takenError(mapped: MappedUser, taken: UserRow): SignInError {
    const same = taken.email.toLowerCase() === mapped.email.toLowerCase() ? 'email address' : 'login'
    return new SignInError('user', {
      title: `Another account has your ${same}`,
      detail: `A user with the ${same} "${same === 'login' ? mapped.login : mapped.email}" is there already and is not linked to your account at ${this.#settings.name}.`,
      remedies: [
        'Use another login or address at the provider, or let the administrator rename the user that is there.',
        'oauth_allow_insecure_email_lookup = true links accounts of the same address. Only do this when the provider checks addresses: else anybody could take over an account.',
      ],
      facts: [{ name: same, value: same === 'login' ? mapped.login : mapped.email }],
    })
  }
}

function disabled(): SignInError {
  return new SignInError('user', {
    title: 'Your account is disabled here',
    detail: 'You were recognised by the provider, but an administrator of this server has disabled your account.',
    remedies: ['Ask the administrator of this server.'],
  })
}
