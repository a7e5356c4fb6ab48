import type { Clock } from '@quartet/runtime'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SignInProblem } from '../../src/common/sign-in.ts'
import { FrontDoor } from './front-door.ts'
import { RunningWeb } from './running-web.ts'
import type { Visit } from './visitor.ts'

const PAGE = '<script nonce="__QUARTET_NONCE__">window.grafanaBootData = "__QUARTET_BOOT_DATA__"</script>'

/** A web server behind a known address, whose data outlives its restarts. */
export class SsoStack {
  readonly door: FrontDoor
  readonly #dataDirectory: string
  #web: RunningWeb | undefined

  private constructor(door: FrontDoor, dataDirectory: string) {
    this.door = door
    this.#dataDirectory = dataDirectory
  }

  static async open(subPath = ''): Promise<SsoStack> {
    return new SsoStack(await FrontDoor.open(subPath), await mkdtemp(join(tmpdir(), 'quartet-sso-')))
  }

  get url(): string {
    return this.door.url
  }

  get redirectUri(): string {
    return `${this.door.url}/login/generic_oauth`
  }

  get web(): RunningWeb {
    if (!this.#web) throw new Error('the web server is not running')
    return this.#web
  }

  /** @param environment `GF_…`; keys without it belong to `GF_AUTH_GENERIC_OAUTH_` */
  async start(
    environment: Record<string, string> = {},
    options: { clock?: Clock; pageDirectory?: string } = {},
  ): Promise<RunningWeb> {
    const named = Object.entries({
      ENABLED: 'true',
      NAME: 'Keycloak',
      CLIENT_ID: 'quartet',
      USE_PKCE: 'true',
      ...environment,
    })
    this.#web = await RunningWeb.start({
      ...options,
      ...(options.pageDirectory === undefined && { files: { 'dist/index.html': PAGE } }),
      environment: {
        GF_SERVER_ROOT_URL: `${this.door.url}/`,
        GF_PATHS_DATA: this.#dataDirectory,
        ...Object.fromEntries(
          named.map(([key, value]) => [key.startsWith('GF_') ? key : `GF_AUTH_GENERIC_OAUTH_${key}`, value]),
        ),
      },
    })
    this.door.leadTo(this.#web.url)
    return this.#web
  }

  async stopWeb(): Promise<void> {
    await this.#web?.stop()
    this.#web = undefined
  }

  async close(): Promise<void> {
    await this.stopWeb()
    await this.door.close()
    await rm(this.#dataDirectory, { recursive: true, force: true })
  }
}

/** What the page was told; see boot data. */
export function bootDataOf(visit: Visit): {
  user: { login: string; orgRole: string; isGrafanaAdmin: boolean; isSignedIn: boolean }
  signInProblem?: SignInProblem
  version: string
} {
  const json = /grafanaBootData = (.*)<\/script>/.exec(visit.html)?.[1]
  if (json === undefined)
    throw new Error(`${visit.url} answered ${visit.status} without boot data: ${visit.html.slice(0, 300)}`)
  return JSON.parse(json) as ReturnType<typeof bootDataOf>
}

export function problemOf(visit: Visit): SignInProblem {
  const { signInProblem } = bootDataOf(visit)
  if (!signInProblem) throw new Error(`no problem is told at ${visit.url}, way: ${visit.way.join(' → ')}`)
  return signInProblem
}
