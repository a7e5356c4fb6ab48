import type { OrgRole } from '../../../common/api.ts'
import type { AttributeReport, AttributeResult, ClaimSource, MappedUser } from '../../../common/sign-in.ts'
import type { OAuthSettings } from '../../config/oauth-settings.ts'
import { evaluate } from './expression.ts'
import { SignInError } from './sign-in-error.ts'

export interface Identification {
  readonly attributes: readonly AttributeReport[]
  readonly user?: MappedUser
  readonly error?: SignInError
}

type Claims = Readonly<Record<string, unknown>>

/** A usual claim, tried before or after the configured expression. */
interface UsualClaim {
  readonly name: string
  readonly isFirst?: true
  read(claims: Claims): unknown
}

const claim = (name: string): UsualClaim => ({ name, read: (claims) => claims[name] })
const firstClaim = (name: string): UsualClaim => ({ ...claim(name), isFirst: true })

/**
 * From claims to a user, in upstream's order: id token, then userinfo, then access token; within each first the usual claim,
 * then the configured expression, then the less usual claims. The first text that is not empty wins.
 */
export async function identify(sources: readonly ClaimSource[], settings: OAuthSettings): Promise<Identification> {
  const { paths } = settings
  const id = await findText('id', '', sources, [firstClaim('sub'), claim('id')])
  const email = await findText('email', paths.email, sources, [
    firstClaim('email'),
    { name: `attributes["${settings.emailAttributeName}"]`, read: (claims) => emailAttribute(claims, settings) },
    { name: 'upn', read: ({ upn }) => (typeof upn === 'string' && upn.includes('@') ? upn : undefined) },
  ])
  const ownLogin = await findText('login', paths.login, sources, [firstClaim('login'), claim('username')])
  const login = ownLogin.value === '' ? { ...ownLogin, value: email.value, from: email.value && 'the email' } : ownLogin
  const name = await findText('name', paths.name, sources, [claim('name'), claim('display_name')])
  const groups = await findGroups(paths.groups, sources)
  const role = await findRole(sources, settings)
  const attributes = [id, login, email, name, role.report, groups.report]
  try {
    requireAttribute(id, 'sub', sources, 'The provider must tell who somebody is by a claim that never changes.')
    requireAttribute(
      email,
      'email',
      sources,
      'Add the scope "email", or set email_attribute_path to the claim that holds it.',
    )
    requireRole(role, sources, settings)
  } catch (error) {
    if (!(error instanceof SignInError)) throw error
    return { attributes, error }
  }
  const user = {
    authId: id.value,
    login: login.value,
    email: email.value,
    name: name.value,
    role: role.role ?? (settings.defaultRole as OrgRole),
    ...(settings.canAssignServerAdmin && !settings.isRoleSyncSkipped && { isAdmin: role.isAdmin }),
    groups: groups.groups,
    isEmailVerified: !sources.some(({ claims }) => claims?.['email_verified'] === false),
  }
  return { attributes, user }
}

async function findText(
  attribute: AttributeReport['attribute'],
  expression: string,
  sources: readonly ClaimSource[],
  usual: readonly UsualClaim[],
): Promise<AttributeReport> {
  const results = await evaluate(expression, sources)
  const report = { attribute, expression, results, note: errorNote(results) }
  for (const { name: source, claims } of sources) {
    if (claims === undefined) continue
    const result = results.find((candidate) => candidate.source === source)?.value
    const candidates = [
      ...usual.filter(({ isFirst }) => isFirst).map(({ name, read }) => [name, read(claims)] as const),
      ['expression', result] as const,
      ...usual.filter(({ isFirst }) => !isFirst).map(({ name, read }) => [name, read(claims)] as const),
    ]
    for (const [from, value] of candidates) {
      const text = typeof value === 'number' && attribute === 'id' ? String(value) : value
      if (typeof text === 'string' && text.trim() !== '')
        return { ...report, value: text.trim(), from: `${source}: ${from}` }
    }
  }
  const odd = results.find(({ value }) => value !== undefined && value !== '')
  const note = odd ? `the expression gave ${brief(odd.value)}, which is not a text` : report.note
  return { ...report, value: '', from: '', note }
}

async function findGroups(
  expression: string,
  sources: readonly ClaimSource[],
): Promise<{ report: AttributeReport; groups: readonly string[] }> {
  const results = await evaluate(expression, sources)
  const report = { attribute: 'groups' as const, expression, results }
  const found = results.find(({ value }) => Array.isArray(value) && value.length > 0)
  if (!found) return { report: { ...report, value: '', from: '', note: errorNote(results) }, groups: [] }
  const groups = (found.value as unknown[]).filter((group) => typeof group === 'string')
  const odd = groups.length < (found.value as unknown[]).length ? 'what is not a text is left out' : ''
  return { report: { ...report, value: groups.join(', '), from: `${found.source}: expression`, note: odd }, groups }
}

interface FoundRole {
  readonly report: AttributeReport
  readonly role: OrgRole | undefined
  readonly isAdmin: boolean
}

async function findRole(sources: readonly ClaimSource[], settings: OAuthSettings): Promise<FoundRole> {
  const expression = settings.paths.role
  const results = await evaluate(expression, sources)
  const report = { attribute: 'role' as const, expression, results }
  for (const { source, value } of results) {
    const parsed = parseRole(value)
    if (!parsed) continue
    const isAdminRefused = parsed.isAdmin && !settings.canAssignServerAdmin
    const note = isAdminRefused ? 'GrafanaAdmin counts as Admin, because allow_assign_grafana_admin is off' : ''
    const text = parsed.isAdmin && !isAdminRefused ? 'Admin, server administrator' : parsed.role
    return { report: { ...report, value: text, from: `${source}: expression`, note }, ...parsed }
  }
  const odd = results.find(({ value }) => typeof value === 'string' && value !== '')
  const note = odd
    ? `the expression gave ${brief(odd.value)}, which is none of None, Viewer, Editor, Admin, GrafanaAdmin`
    : errorNote(results)
  const fallback = settings.isRoleStrict ? '' : settings.defaultRole
  const from = settings.isRoleStrict ? '' : '[users] auto_assign_org_role'
  return { report: { ...report, value: fallback, from, note }, role: undefined, isAdmin: false }
}

/** Letters of either case, as upstream. */
function parseRole(value: unknown): { role: OrgRole; isAdmin: boolean } | undefined {
  if (typeof value !== 'string') return undefined
  const lower = value.toLowerCase()
  if (lower === 'grafanaadmin') return { role: 'Admin', isAdmin: true }
  const role = (['None', 'Viewer', 'Editor', 'Admin'] as const).find((known) => known.toLowerCase() === lower)
  return role && { role, isAdmin: false }
}

function requireAttribute(
  report: AttributeReport,
  claimName: string,
  sources: readonly ClaimSource[],
  remedy: string,
): void {
  if (report.value !== '') return
  throw new SignInError('claim_missing', {
    title: `The provider did not tell your ${claimName === 'sub' ? 'identity' : claimName}`,
    detail: `Neither the id token nor the answer of the userinfo endpoint holds a usable claim "${claimName}".`,
    remedies: [remedy, 'An administrator can see all claims of a tester on the page Administration → Authentication.'],
    facts: claimFacts(sources),
  })
}

function requireRole({ report, role }: FoundRole, sources: readonly ClaimSource[], settings: OAuthSettings): void {
  if (role !== undefined || !settings.isRoleStrict || settings.isRoleSyncSkipped) return
  throw new SignInError('role', {
    title: 'No role could be found for you',
    detail:
      'role_attribute_strict is on, and role_attribute_path gave no role for the claims that the provider sent' +
      (report.note === '' ? '.' : `: ${report.note}.`),
    remedies: [
      'Give yourself a role or group at the provider that the expression asks for, then sign in again.',
      'Let the provider put roles and groups into the id token or userinfo: in Keycloak a mapper of the client with "Add to ID token".',
      'Correct role_attribute_path; the page Administration → Authentication evaluates it against the claims of a tester.',
    ],
    facts: [
      { name: 'role_attribute_path', value: report.expression },
      ...report.results.map((result) => ({
        name: `result over ${result.source}`,
        value: result.error ?? brief(result.value),
      })),
      ...claimFacts(sources),
    ],
  })
}

/** Names of the claims, and lists in them, since roles and groups are lists. */
function claimFacts(sources: readonly ClaimSource[]): { name: string; value: string }[] {
  const facts: { name: string; value: string }[] = []
  for (const { name, claims, absence } of sources) {
    facts.push({ name: `claims of ${name}`, value: claims ? Object.keys(claims).join(', ') : `none: ${absence}` })
    for (const [path, list] of listsIn(claims ?? {}, '', 0))
      facts.push({ name: `${name}: ${path}`, value: brief(list) })
  }
  return facts
}

const MAX_DEPTH = 4
const PROTOCOL_LISTS = new Set(['aud', 'amr', 'allowed-origins'])

function* listsIn(value: object, prefix: string, depth: number): Generator<[string, unknown[]]> {
  for (const [key, inner] of Object.entries(value)) {
    if (PROTOCOL_LISTS.has(key)) continue
    const path = `${prefix}${/^\w+$/.test(key) ? key : `"${key}"`}`
    if (Array.isArray(inner)) yield [path, inner]
    else if (typeof inner === 'object' && inner !== null && depth < MAX_DEPTH)
      yield* listsIn(inner, `${path}.`, depth + 1)
  }
}

function emailAttribute({ attributes }: Claims, settings: OAuthSettings): unknown {
  if (typeof attributes !== 'object' || attributes === null) return undefined
  const values = (attributes as Record<string, unknown>)[settings.emailAttributeName]
  return Array.isArray(values) ? values[0] : undefined
}

function errorNote(results: readonly AttributeResult[]): string {
  const failed = results.find(({ error }) => error !== undefined)
  return failed ? `the expression fails over ${failed.source}: ${failed.error}` : ''
}

function brief(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
