import { createHash, createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Claims = Record<string, unknown>

/** What a test may do to the answers. */
export interface Twists {
  idToken?: (claims: Claims) => Claims
  /** Of the signed token. */
  signed?: (token: string) => string
  accessToken?: (claims: Claims) => Claims
  userInfo?: (claims: Claims) => Claims | undefined
  tokenError?: { status: number; body: Claims }
  hasNoIdToken?: boolean
  /** Added to the Date header and to all times. */
  clockAheadS?: number
  callback?: (parameters: URLSearchParams) => void
}

export const REALM = '/realms/quartet'
const KEY_ID = 'keycloak-key'

/**
 * Answers as Keycloak 26 does for a client "quartet": the same paths, the same token shapes (realm_access, resource_access, groups with a
 * leading slash, azp, typ, no at_hash), in its default set-up with roles in the access token only. Everybody is signed in at
 * once as Ada, unless a test twists it.
 */
export class KeycloakLike {
  readonly issuer: string
  twists: Twists = {}
  user: Claims = {
    sub: '7f0c0ed7-1d54-4b0c-9a6b-0a8f4f6a2c11',
    email_verified: true,
    name: 'Ada Lovelace',
    preferred_username: 'ada',
    given_name: 'Ada',
    family_name: 'Lovelace',
    email: 'ada@example.org',
  }
  groups: readonly string[] = ['/admins', '/team/observability']
  realmRoles: readonly string[] = ['default-roles-quartet', 'offline_access', 'uma_authorization']
  clientRoles: readonly string[] = ['admin']
  readonly tokenRequests: { form: URLSearchParams; authorization: string | undefined }[] = []
  readonly #server: Server
  readonly #key: KeyObject
  readonly #jwk: object
  readonly #codes = new Map<string, { nonce: string | null; challenge: string | null; redirectUri: string | null }>()

  private constructor(server: Server) {
    this.#server = server
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${REALM}`
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.#key = privateKey
    this.#jwk = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }
  }

  static async start(): Promise<KeycloakLike> {
    const server = createServer((request, response) => void keycloak.#answer(request, response))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const keycloak = new KeycloakLike(server)
    return keycloak
  }

  get urls() {
    const base = `${this.issuer}/protocol/openid-connect`
    return {
      auth: `${base}/auth`,
      token: `${base}/token`,
      userInfo: `${base}/userinfo`,
      logout: `${base}/logout`,
      certs: `${base}/certs`,
    }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
  }

  /** A token signed with the realm's key. */
  sign(claims: Claims): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${part(claims)}`
    return `${text}.${createSign('sha256').update(text).sign(this.#key, 'base64url')}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer)
    const json = (status: number, body: object): void => {
      const date = new Date(this.#nowS() * 1000).toUTCString()
      response.writeHead(status, { 'content-type': 'application/json', date }).end(JSON.stringify(body))
    }
    switch (url.pathname.slice(REALM.length)) {
      case '/.well-known/openid-configuration':
        return json(200, this.#metadata())
      case '/protocol/openid-connect/auth':
        return this.#authorize(url.searchParams, response)
      case '/protocol/openid-connect/token':
        return this.#token(request, json)
      case '/protocol/openid-connect/certs':
        return json(200, { keys: [this.#jwk] })
      case '/protocol/openid-connect/userinfo': {
        const claims = { ...this.user, groups: this.groups }
        const answer = this.twists.userInfo ? this.twists.userInfo(claims) : claims
        return answer ? json(200, answer) : json(403, { error: 'forbidden' })
      }
      case '/protocol/openid-connect/userinfo/orgs':
        // Not Keycloak's, but what upstream asks any provider for.
        return json(200, [{ login: 'acme' }, { login: 'ada-inc' }])
      case '/protocol/openid-connect/logout':
        response.writeHead(302, { location: url.searchParams.get('post_logout_redirect_uri') ?? '/' }).end()
        return
      default:
        return json(404, { error: 'Unable to find matching target resource method' })
    }
  }

  #authorize(query: URLSearchParams, response: ServerResponse): void {
    const code = `${randomUUID()}.${randomUUID()}`
    const redirectUri = query.get('redirect_uri')
    this.#codes.set(code, { nonce: query.get('nonce'), challenge: query.get('code_challenge'), redirectUri })
    const answer = new URL(redirectUri ?? '')
    const parameters = new URLSearchParams({
      state: query.get('state') ?? '',
      session_state: randomUUID(),
      iss: this.issuer,
      code,
    })
    this.twists.callback?.(parameters)
    answer.search = parameters.toString()
    response.writeHead(302, { location: answer.href }).end()
  }

  async #token(request: IncomingMessage, json: (status: number, body: object) => void): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    this.tokenRequests.push({ form, authorization: request.headers.authorization })
    if (this.twists.tokenError) return json(this.twists.tokenError.status, this.twists.tokenError.body)
    const isRefresh = form.get('grant_type') === 'refresh_token'
    const code = form.get('code') ?? ''
    const issued = this.#codes.get(code)
    this.#codes.delete(code)
    if (!isRefresh && !issued) return json(400, { error: 'invalid_grant', error_description: 'Code not valid' })
    if (issued && issued.redirectUri !== form.get('redirect_uri'))
      return json(400, { error: 'invalid_grant', error_description: 'Incorrect redirect_uri' })
    const verifier = form.get('code_verifier') ?? ''
    if (issued?.challenge && createHash('sha256').update(verifier).digest('base64url') !== issued.challenge)
      return json(400, { error: 'invalid_grant', error_description: 'PKCE verification failed: Code mismatch' })
    return json(200, this.#tokens(issued?.nonce ?? null))
  }

  #tokens(nonce: string | null): object {
    const { idToken = same, accessToken = same, signed = sameText, hasNoIdToken = false } = this.twists
    const now = this.#nowS()
    const shared = {
      exp: now + 300,
      iat: now,
      auth_time: now,
      jti: randomUUID(),
      iss: this.issuer,
      azp: 'quartet',
      sid: randomUUID(),
      acr: '1',
    }
    const roles = {
      realm_access: { roles: this.realmRoles },
      resource_access: { quartet: { roles: this.clientRoles }, account: { roles: ['manage-account', 'view-profile'] } },
    }
    const access = {
      ...shared,
      aud: 'account',
      typ: 'Bearer',
      'allowed-origins': ['*'],
      ...roles,
      scope: 'openid email profile',
      ...this.user,
    }
    const id = {
      ...shared,
      aud: 'quartet',
      typ: 'ID',
      ...(nonce !== null && { nonce }),
      groups: this.groups,
      ...this.user,
    }
    return {
      access_token: this.sign(accessToken(access)),
      expires_in: 300,
      refresh_expires_in: 1800,
      refresh_token: this.sign({ ...shared, typ: 'Refresh' }),
      token_type: 'Bearer',
      ...(!hasNoIdToken && { id_token: signed(this.sign(idToken(id))) }),
      'not-before-policy': 0,
      session_state: shared.sid,
      scope: 'openid email profile',
    }
  }

  #metadata(): object {
    const { auth, token, userInfo, logout, certs } = this.urls
    return {
      issuer: this.issuer,
      authorization_endpoint: auth,
      token_endpoint: token,
      userinfo_endpoint: userInfo,
      end_session_endpoint: logout,
      jwks_uri: certs,
      grant_types_supported: ['authorization_code', 'refresh_token'],
      response_types_supported: ['code'],
      subject_types_supported: ['public', 'pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic', 'client_secret_post'],
      code_challenge_methods_supported: ['plain', 'S256'],
      authorization_response_iss_parameter_supported: true,
    }
  }

  #nowS(): number {
    return Math.floor(Date.now() / 1000) + (this.twists.clockAheadS ?? 0)
  }
}

const same = (claims: Claims): Claims => claims
const sameText = (text: string): string => text
