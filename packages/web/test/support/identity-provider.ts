import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import OidcProvider from 'oidc-provider'
import type { Configuration } from 'oidc-provider'

export interface Account {
  readonly sub: string
  readonly [claim: string]: unknown
}

export const CLIENT = { id: 'quartet', secret: 'quartet-client-secret' }

/** `oidc-provider` on loopback, with a login page that asks for a name only. */
export class IdentityProvider {
  readonly issuer: string
  /** Who may sign in, by name. A test may change it. */
  readonly accounts: Map<string, Account>
  readonly #server: Server
  readonly #port: number
  #provider: OidcProvider | undefined

  private constructor(server: Server, accounts: Record<string, Account>) {
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
    this.issuer = `http://127.0.0.1:${this.#port}`
    this.accounts = new Map(Object.entries(accounts))
  }

  static async start(options: {
    accounts: Record<string, Account>
    /** Of the web server: `…/login/generic_oauth`. */
    redirectUri: string
    configuration?: Configuration
    authMethod?: 'client_secret_basic' | 'client_secret_post' | 'none'
  }): Promise<IdentityProvider> {
    const server = createServer((request, response) => {
      provider.#handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const provider = new IdentityProvider(server, options.accounts)
    provider.#provider = provider.#configure(options)
    return provider
  }

  /** Nothing answers any more; {@link comeBack} undoes it. */
  async goDown(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async comeBack(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Refresh tokens and sessions that were given out are worth nothing any more. */
  async revokeAll(): Promise<void> {
    for (const grant of this.#grants) await grant.destroy()
    this.#grants.length = 0
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.goDown()
  }

  readonly #grants: { destroy(): Promise<void> }[] = []

  #configure(options: Parameters<(typeof IdentityProvider)['start']>[0]): OidcProvider {
    const { redirectUri, authMethod = 'client_secret_basic' } = options
    const root = new URL(redirectUri).origin
    const provider = new OidcProvider(this.issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          ...(authMethod !== 'none' && { client_secret: CLIENT.secret }),
          token_endpoint_auth_method: authMethod,
          redirect_uris: [redirectUri],
          post_logout_redirect_uris: [`${root}/login`],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
        },
      ],
      claims: {
        openid: ['sub'],
        email: ['email', 'email_verified'],
        profile: ['name', 'preferred_username', 'groups', 'roles'],
      },
      conformIdTokenClaims: false,
      cookies: { keys: ['test'] },
      jwks: {
        keys: [
          { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), use: 'sig' },
        ],
      },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: { enabled: true, logoutSource: leaveAtOnce },
      },
      pkce: { required: () => true },
      findAccount: (_context, id) => {
        const account = [...this.accounts.values()].find(({ sub }) => sub === id)
        return account && { accountId: id, claims: () => ({ ...account }) }
      },
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      loadExistingGrant: async (context) => {
        const { session, client } = context.oidc
        const grant = new context.oidc.provider.Grant({
          clientId: client?.clientId ?? '',
          accountId: session?.accountId ?? '',
        })
        grant.addOIDCScope('openid profile email offline_access')
        await grant.save()
        this.#grants.push(grant)
        return grant
      },
      issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
      ...options.configuration,
    })
    provider.on('server_error', (_context, error) => console.error('identity provider:', error))
    return provider
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const provider = this.#provider as OidcProvider
    if (!request.url?.startsWith('/interaction/')) return void provider.callback()(request, response)
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'text/html')
      return void response.end(
        '<!doctype html><title>Provider</title><form method="post"><label>Name <input name="name"></label><button>Continue</button></form>',
      )
    }
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const name = new URLSearchParams(Buffer.concat(chunks).toString()).get('name') ?? ''
    const account = this.accounts.get(name)
    const result = account
      ? { login: { accountId: account.sub } }
      : { error: 'access_denied', error_description: 'nobody has this name' }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }
}

/** Signs out without a question: tests have no use for it. */
function leaveAtOnce(context: { body?: unknown }, form: string): void {
  context.body = `<!doctype html><title>Leaving</title>${form}<script>
    const yes = document.createElement('input'); yes.type = 'hidden'; yes.name = 'logout'; yes.value = 'yes'
    document.forms[0].appendChild(yes); document.forms[0].submit()</script>`
}
