import type { OrgRole } from './api.ts'
import type { SignInProblem } from './sign-in-problem.ts'

export type { SignInProblem }

/**
 * What the pages of single sign-on exchange with the server.
 *
 * | method and path | response |
 * |---|---|
 * | GET /login/generic_oauth?redirectTo=&test= | 302 to the provider, then back to the same path with `code` and `state` |
 * | GET /api/admin/authentication | AuthenticationDto |
 * | GET /api/admin/authentication/tests/:id | SignInTestDto, 404 when it is forgotten |
 * | POST /api/admin/authentication/tests/:id/evaluate | EvaluateRequest → SignInMappingDto |
 */

export type ClaimSourceName = 'id_token' | 'userinfo' | 'access_token'

export interface ClaimSource {
  readonly name: ClaimSourceName
  readonly claims: Readonly<Record<string, unknown>> | undefined
  /** Why there are no claims. */
  readonly absence: string
}

export interface AttributeResult {
  readonly source: ClaimSourceName
  /** What the expression gave, any JSON; absent when there was nothing or an error. */
  readonly value?: unknown
  readonly error?: string
}

/** How one attribute of the user was found. */
export interface AttributeReport {
  readonly attribute: 'id' | 'login' | 'email' | 'name' | 'role' | 'groups'
  /** JMESPath; empty when only the usual claims are looked at. */
  readonly expression: string
  /** Of the expression, one per source. */
  readonly results: readonly AttributeResult[]
  /** What is taken, as text. */
  readonly value: string
  /** `userinfo: email`, for example; empty when nothing was found. */
  readonly from: string
  /** What is odd about it; empty when nothing is. */
  readonly note: string
}

export interface MappedUser {
  readonly authId: string
  readonly login: string
  readonly email: string
  readonly name: string
  readonly role: OrgRole
  /** `undefined`: stays as it is. */
  readonly isAdmin?: boolean
  readonly groups: readonly string[]
  /** False only when the provider says so. */
  readonly isEmailVerified: boolean
}

export interface SignInMappingDto {
  readonly attributes: readonly AttributeReport[]
  readonly user?: MappedUser
  /** Why this person could not sign in. */
  readonly problem?: SignInProblem
}

export interface SignInTestDto extends SignInMappingDto {
  readonly id: string
  readonly at: string
  readonly sources: readonly ClaimSource[]
  /** What the existing user of this name is, or that one would be created. */
  readonly effect: string
}

export interface EvaluateRequest {
  readonly roleAttributePath?: string
  readonly groupsAttributePath?: string
  readonly loginAttributePath?: string
  readonly nameAttributePath?: string
  readonly emailAttributePath?: string
}

export interface SettingDto {
  readonly key: string
  /** `*********` for a secret that is set. */
  readonly value: string
  /** `file:line:col` or the environment variable; `default`. */
  readonly origin: string
}

export interface AuthenticationDto {
  readonly isEnabled: boolean
  readonly name: string
  /** What must be registered at the provider, to the letter. */
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
  readonly rootUrl: string
  readonly settings: readonly SettingDto[]
  /** What is likely to go wrong, most serious first. */
  readonly hints: readonly string[]
}

export interface UserDto {
  readonly id: number
  readonly uid: string
  readonly name: string
  readonly login: string
  readonly email: string
  readonly avatarUrl: string
  readonly isAdmin: boolean
  readonly isDisabled: boolean
  readonly lastSeenAt: string
  readonly lastSeenAtAge: string
  readonly authLabels: readonly string[]
  /** Beside upstream's fields: of the one organisation. */
  readonly role: OrgRole
}

export interface UserSearchDto {
  readonly totalCount: number
  readonly users: readonly UserDto[]
  readonly page: number
  readonly perPage: number
}
