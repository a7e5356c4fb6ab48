import { systemClock } from '@quartet/runtime'
import type { Clock } from '@quartet/runtime'
import type * as openIdClientModule from 'openid-client'
import type { ClientAuth, Configuration, ServerMetadata } from 'openid-client'
import type { ClaimSource } from '../../../common/sign-in.ts'
import type { OAuthSettings } from '../../config/oauth-settings.ts'
import type { Flow } from './flows.ts'
import { payloadOf } from './jwt-payload.ts'
import { ProviderHttp } from './provider-http.ts'
import type { ProviderRequest } from './provider-http.ts'
import { SignInError } from './sign-in-error.ts'

type OpenIdClient = typeof openIdClientModule

/** What the token endpoint gave. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly idToken: string
  /** Checked; `undefined` when there is no id token. */
  readonly idClaims: Readonly<Record<string, unknown>> | undefined
  /** Epoch milliseconds; 0 when the provider does not say. */
  readonly expiresMs: number
}

/** The provider's own settings change seldom; keys are read anew by the library when one is unknown. */
const METADATA_MS = 10 * 60_000
/** Clocks differ a little everywhere. */
const CLOCK_TOLERANCE_S = 30

/** The identity provider: where to send people, and what it says about those who come back. */
export class Provider {
  readonly http: ProviderHttp
  readonly #settings: OAuthSettings
  readonly #clock: Clock
  #metadata: { value: Promise<ServerMetadata>; untilMs: number } | undefined

  constructor(options: { settings: OAuthSettings; clock: Clock }) {
    this.#settings = options.settings
    this.#clock = options.clock
    this.http = new ProviderHttp({ tls: options.settings.tls, clock: options.clock })
  }

  async authorizationUrl(flow: Flow): Promise<URL> {
    const { scope, prompt, usesPkce, redirectUri } = this.#settings
    const client = await openIdClient()
    const config = await this.#configure(client, await this.#serverMetadata())
    return client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      response_type: 'code',
      state: flow.state,
      ...(scope !== '' && { scope }),
      ...(this.#isOpenId && { nonce: flow.nonce }),
      ...(prompt !== '' && { prompt }),
      ...(usesPkce && {
        code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      }),
    })
  }

  /**
   * Exchanges the code of the answer for tokens, and checks them.
   * @param answer the query that the browser came back with
   */
  async exchange(answer: URLSearchParams, flow: Flow): Promise<Tokens> {
    const metadata = await this.#serverMetadata()
    return this.#settings.issuer === ''
      ? this.#exchangeWithUnknownIssuer(answer, flow, metadata)
      : this.#exchangeWith(metadata, answer, flow, { hasIdToken: this.#isOpenId })
  }

  /** Id token, userinfo and access token, in the order in which they are looked at. */
  async claims(tokens: Tokens): Promise<ClaimSource[]> {
    const accessClaims = payloadOf(tokens.accessToken)
    return [
      { name: 'id_token', claims: tokens.idClaims, absence: 'the provider gave none; does scopes contain openid?' },
      await this.#userInfo(tokens),
      { name: 'access_token', claims: accessClaims, absence: 'it is opaque' },
    ]
  }

  /** The logins of the organizations that the API lists, as upstream asks for them. */
  async organizations(tokens: Tokens): Promise<readonly string[]> {
    const answer = await this.#get(`${this.#settings.apiUrl.replace(/\/$/, '')}/orgs`, tokens)
    const list: unknown = answer.ok ? await answer.json() : undefined
    if (!Array.isArray(list)) return []
    return list.map((item: { login?: unknown } | null) => item?.login).filter((login) => typeof login === 'string')
  }

  async refresh(refreshToken: string): Promise<Tokens> {
    const client = await openIdClient()
    const metadata = await this.#serverMetadata()
    const grant = await this.#withClientAuth(
      client,
      metadata,
      (config) => client.refreshTokenGrant(config, refreshToken),
      {
        // Signature and claims were checked at sign-in; without an issuer there is nothing to compare the new one's with.
        isIdTokenHidden: this.#settings.issuer === '',
      },
    )
    return this.#tokensOf(grant.answer, grant.idToken)
  }

  /** Where the provider ends its own session; `undefined` when it publishes no such place. */
  async endSessionUrl(): Promise<string | undefined> {
    return (await this.#serverMetadata()).end_session_endpoint
  }

  get #isOpenId(): boolean {
    return this.#settings.scope.split(' ').includes('openid')
  }

  async #exchangeWith(
    metadata: ServerMetadata,
    answer: URLSearchParams,
    flow: Flow,
    options: { hasIdToken: boolean; isIdTokenHidden?: boolean; replay?: Response },
  ): Promise<Tokens> {
    const client = await openIdClient()
    const url = new URL(this.#settings.redirectUri)
    url.search = answer.toString()
    const checks = {
      expectedState: flow.state,
      ...(options.hasIdToken && { expectedNonce: flow.nonce, idTokenExpected: true }),
      ...(this.#settings.usesPkce && { pkceCodeVerifier: flow.verifier }),
    }
    const grant = await this.#withClientAuth(
      client,
      metadata,
      (config) => client.authorizationCodeGrant(config, url, checks),
      options,
    )
    return this.#tokensOf(grant.answer, grant.idToken)
  }

  /**
   * Upstream's way of naming three URLs says nothing about the issuer. The code is exchanged first; an id token that comes along is
   * then checked (audience, times, nonce; its signature when jwk_set_url is set) against the issuer that it names itself, which
   * is as good as the TLS connection it came over.
   */
  async #exchangeWithUnknownIssuer(answer: URLSearchParams, flow: Flow, metadata: ServerMetadata): Promise<Tokens> {
    const withoutIssuer = new URLSearchParams(answer)
    withoutIssuer.delete('iss')
    const tokens = await this.#exchangeWith(metadata, withoutIssuer, flow, { hasIdToken: false, isIdTokenHidden: true })
    if (tokens.idToken === '') return tokens
    const issuer = payloadOf(tokens.idToken)?.['iss']
    const { accessToken: access_token, idToken: id_token } = tokens
    const replay = new Response(JSON.stringify({ access_token, id_token, token_type: 'bearer' }), {
      headers: { 'content-type': 'application/json' },
    })
    const named = { ...metadata, issuer: typeof issuer === 'string' ? issuer : metadata.issuer }
    const checked = await this.#exchangeWith(named, withoutIssuer, flow, { hasIdToken: true, replay })
    return { ...tokens, idClaims: checked.idClaims }
  }

  #tokensOf(answer: TokenAnswer, idToken: string): Tokens {
    const expiresInS = answer.expiresIn() ?? 0
    const idClaims = answer.claims()
    return {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token ?? '',
      idToken: answer.id_token ?? idToken,
      idClaims: idClaims && { ...idClaims },
      expiresMs: expiresInS > 0 ? this.#clock.nowMs() + expiresInS * 1000 : 0,
    }
  }

  /** Asks the token endpoint, by both ways to authenticate when it is not known which one the provider takes. */
  async #withClientAuth(
    client: OpenIdClient,
    metadata: ServerMetadata,
    ask: (config: Configuration) => Promise<TokenAnswer>,
    options: { isIdTokenHidden?: boolean; replay?: Response },
  ): Promise<{ answer: TokenAnswer; idToken: string }> {
    let idToken = ''
    const tokenEndpoint = metadata.token_endpoint ?? ''
    const fetch = async (url: string, request: ProviderRequest): Promise<Response> => {
      const isTokenRequest = url === tokenEndpoint
      if (isTokenRequest && options.replay) return options.replay
      const response = await this.http.fetch(url, request)
      if (!isTokenRequest || !response.ok) return response
      const read = await renamedIdToken(response, this.#settings.idTokenName, options.isIdTokenHidden === true)
      idToken = read.idToken
      return read.response
    }
    const ways = this.#clientAuths(client, metadata)
    for (const [index, way] of ways.entries()) {
      try {
        return { answer: await ask(await this.#configure(client, metadata, { way, fetch })), idToken }
      } catch (error) {
        const isOtherWayLeft = index < ways.length - 1
        if (!isOtherWayLeft || (error as { error?: unknown }).error !== 'invalid_client') throw error
      }
    }
    throw new Error('there is no way to authenticate at the token endpoint')
  }

  #clientAuths(client: OpenIdClient, metadata: ServerMetadata): ClientAuth[] {
    const { clientSecret, authStyle } = this.#settings
    if (clientSecret === '') return [client.None()]
    const basic = client.ClientSecretBasic(clientSecret)
    const post = client.ClientSecretPost(clientSecret)
    if (authStyle === 'InHeader') return [basic]
    if (authStyle === 'InParams') return [post]
    const supported = metadata.token_endpoint_auth_methods_supported
    if (supported?.includes('client_secret_basic')) return [basic]
    if (supported?.includes('client_secret_post')) return [post]
    return [basic, post]
  }

  #configure(
    client: OpenIdClient,
    metadata: ServerMetadata,
    options: { way?: ClientAuth; fetch?: (url: string, request: ProviderRequest) => Promise<Response> } = {},
  ): Configuration {
    const { clientId } = this.#settings
    const way = options.way ?? this.#clientAuths(client, metadata)[0]
    const config = new client.Configuration(metadata, clientId, this.#clientMetadata(client), way)
    config[client.customFetch] = options.fetch ?? ((url, request) => this.http.fetch(url, request))
    // Whether http is good enough is decided by who writes the settings; `quartet check` warns.
    client.allowInsecureRequests(config)
    if (metadata.jwks_uri !== undefined) client.enableNonRepudiationChecks(config)
    return config
  }

  #clientMetadata(client: OpenIdClient): { [client.clockSkew]?: number } & Record<symbol, number> {
    return {
      [client.clockTolerance]: CLOCK_TOLERANCE_S,
      // The library reads the system's clock; this makes it the handed-in one.
      [client.clockSkew]: Math.round((this.#clock.nowMs() - systemClock.nowMs()) / 1000),
    }
  }

  async #serverMetadata(): Promise<ServerMetadata> {
    const known = this.#metadata
    if (known && known.untilMs > this.#clock.nowMs()) return known.value
    const reading = { value: this.#readMetadata(), untilMs: this.#clock.nowMs() + METADATA_MS }
    this.#metadata = reading
    // A failure is told to whoever waits for it, and the next one asks again.
    reading.value.catch(() => {
      if (this.#metadata === reading) this.#metadata = undefined
    })
    return reading.value
  }

  async #readMetadata(): Promise<ServerMetadata> {
    const { issuer, authUrl, tokenUrl, apiUrl, jwkSetUrl, clientId } = this.#settings
    const configured = {
      ...(authUrl !== '' && { authorization_endpoint: authUrl }),
      ...(tokenUrl !== '' && { token_endpoint: tokenUrl }),
      ...(apiUrl !== '' && { userinfo_endpoint: apiUrl }),
      ...(jwkSetUrl !== '' && { jwks_uri: jwkSetUrl }),
    }
    if (issuer === '') return { issuer: new URL(authUrl).origin, ...configured }
    const client = await openIdClient()
    const discovered = await client.discovery(new URL(issuer), clientId, this.#clientMetadata(client), client.None(), {
      execute: [client.allowInsecureRequests],
      [client.customFetch]: (url, request) => this.http.fetch(url, request),
    })
    return { ...(discovered.serverMetadata() as ServerMetadata), ...configured }
  }

  async #userInfo(tokens: Tokens): Promise<ClaimSource> {
    const { userinfo_endpoint: url } = await this.#serverMetadata()
    const absent = (absence: string): ClaimSource => ({ name: 'userinfo', claims: undefined, absence })
    if (url === undefined) return absent('api_url is not set')
    const answer = await this.#get(url, tokens)
    if (!answer.ok) return absent(`${url} answered ${answer.status}`)
    const claims = await objectOf(answer)
    if (!claims) return absent(`${url} did not answer with a JSON object`)
    const expected = tokens.idClaims?.['sub']
    if (typeof expected === 'string' && typeof claims['sub'] === 'string' && claims['sub'] !== expected) {
      throw new SignInError('token_rejected', {
        title: 'The provider contradicts itself',
        detail: 'The id token and the answer of the userinfo endpoint are about two different people.',
        remedies: ['Check that issuer, token_url and api_url belong to the same realm of the same provider.'],
        facts: [{ name: 'api_url', value: url }],
      })
    }
    return { name: 'userinfo', claims, absence: '' }
  }

  #get(url: string, { accessToken }: Tokens): Promise<Response> {
    const headers = { accept: 'application/json', authorization: `Bearer ${accessToken}` }
    return this.http.fetch(url, { method: 'GET', headers })
  }
}

interface TokenAnswer {
  readonly access_token: string
  readonly refresh_token?: string
  readonly id_token?: string
  expiresIn(): number | undefined
  claims(): object | undefined
}

let loaded: Promise<OpenIdClient> | undefined

/** Loaded at the first sign-in: servers without single sign-on do not pay for it. */
function openIdClient(): Promise<OpenIdClient> {
  loaded ??= import('openid-client')
  return loaded
}

/** The token answer with its id token under the usual name, or without it. */
async function renamedIdToken(
  response: Response,
  name: string,
  isHidden: boolean,
): Promise<{ response: Response; idToken: string }> {
  if (name === 'id_token' && !isHidden) return { response, idToken: '' }
  const body = await objectOf(response.clone())
  if (!body) return { response, idToken: '' }
  const idToken = body[name]
  delete body[name]
  delete body['id_token']
  if (typeof idToken === 'string' && !isHidden) body['id_token'] = idToken
  const { status, headers } = response
  return {
    response: new Response(JSON.stringify(body), { status, headers }),
    idToken: typeof idToken === 'string' ? idToken : '',
  }
}

async function objectOf(response: Response): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await response.text())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
