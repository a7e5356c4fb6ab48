import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BootData, DashboardHitDto } from '../../src/common/api.ts'
import { contentSecurityPolicy, renderPage } from '../../src/common/page.ts'
import { empty, overview } from './fixture-dashboards.ts'
import { answerLoki, answerPrometheus, answerTempo } from './fixture-stores.ts'

/** Another build than the package's own may be tested. */
const dist = process.env['QUARTET_WEB_DIST'] ?? fileURLToPath(new URL('../../dist/', import.meta.url))

export interface FixtureServer {
  readonly url: string
  /** Paths that were answered with 404 although the page asked for them. */
  readonly missing: readonly string[]
  /** Tells every open page that a dashboard was saved. */
  readonly announce: (uid: string) => void
  readonly setTitle: (title: string) => void
  readonly close: () => Promise<void>
}

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Serves the built page and just enough of the API, signed in by the cookie `session=1`. Password: `secret`. */
export async function startFixtureServer(): Promise<FixtureServer> {
  const missing: string[] = []
  const listeners = new Set<ServerResponse>()
  let title: string = overview.title
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fixture')
    const path = url.pathname
    const isSignedIn = /session=1/.test(request.headers.cookie ?? '')
    const json = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
    }
    if (path.startsWith('/public/')) return serveFile(path, response)
    if (path === '/login' && request.method === 'POST') {
      const { password } = JSON.parse(await bodyOf(request)) as { password: string }
      if (password !== 'secret') return json(401, { message: 'Invalid username or password' })
      return json(200, { message: 'Logged in', redirectUrl: '/' }, { 'Set-Cookie': 'session=1; Path=/; HttpOnly' })
    }
    if (path === '/logout') {
      response.writeHead(302, { Location: '/login', 'Set-Cookie': 'session=; Path=/; Max-Age=0' }).end()
      return
    }
    if (!path.startsWith('/api/')) return servePage(response, isSignedIn)
    if (!isSignedIn) return json(401, { message: 'Unauthorized' })
    if (path === '/api/live/dashboards') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': open\n\n')
      listeners.add(response)
      response.on('close', () => listeners.delete(response))
      return
    }
    if (path === '/api/search') return json(200, hits)
    if (path === '/api/dashboards/uid/overview') return json(200, { dashboard: { ...overview, title }, meta })
    if (path === '/api/dashboards/uid/empty') return json(200, { dashboard: empty, meta })
    if (path.startsWith('/api/dashboards/uid/')) return json(404, { message: 'Dashboard not found' })
    if (path === '/api/alerting/summary') return json(200, { firing: 0, pending: 0, failed: [] })
    if (path.startsWith('/api/user/')) return json(200, { message: 'ok' })
    const health = /^\/api\/datasources\/uid\/(\w+)\/health$/.exec(path)
    if (health)
      return json(
        200,
        health[1] === 'tempo'
          ? { status: 'ERROR', message: 'connect ECONNREFUSED 127.0.0.1:3200' }
          : { status: 'OK', message: 'It answers' },
      )
    const proxied = /^\/api\/datasources\/proxy\/uid\/(\w+)(\/.*)$/.exec(path)
    if (proxied) {
      const parameters = request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : url.searchParams
      const { status, body } = stores[proxied[1] as keyof typeof stores](proxied[2] as string, parameters)
      return json(status, body)
    }
    missing.push(path)
    json(404, { message: `no fixture for ${path}` })
  }

  async function serveFile(path: string, response: ServerResponse): Promise<void> {
    try {
      const bytes = await readFile(join(dist, normalize(path)))
      response.writeHead(200, { 'Content-Type': contentTypes[extname(path)] ?? 'application/octet-stream' }).end(bytes)
    } catch {
      missing.push(path)
      response.writeHead(404).end()
    }
  }

  async function servePage(response: ServerResponse, isSignedIn: boolean): Promise<void> {
    const html = await readFile(join(dist, 'index.html'), 'utf8')
    const nonce = 'Zml4dHVyZQ=='
    response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': contentSecurityPolicy(nonce) })
    response.end(renderPage(html, { nonce, bootData: bootData(isSignedIn) }))
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    missing,
    announce: (uid) => {
      for (const listener of listeners)
        listener.write(`data: ${JSON.stringify({ uid, action: 'saved', version: 2 })}\n\n`)
    },
    setTitle: (next) => {
      title = next
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const stores = { prometheus: answerPrometheus, loki: answerLoki, tempo: answerTempo }

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const hit = (uid: string, title: string, tags: string[], isStarred: boolean): DashboardHitDto => ({
  id: 1,
  uid,
  title,
  url: `/d/${uid}/${title.toLowerCase().replaceAll(' ', '-')}`,
  type: 'dash-db',
  tags,
  isStarred,
  folderTitle: 'Quartet',
})

const hits = [
  hit('overview', 'Service overview', ['red', 'shop'], true),
  hit('quartet', 'Quartet itself', ['quartet'], false),
]

const meta = {
  slug: 'service-overview',
  url: '/d/overview/service-overview',
  type: 'db',
  canSave: false,
  canEdit: false,
  canStar: true,
  isStarred: true,
  provisioned: true,
  provisionedExternalId: 'overview.json',
  folderUid: '',
  folderTitle: 'Quartet',
  version: 1,
  created: '2026-01-01T00:00:00Z',
  updated: '2026-01-01T00:00:00Z',
  createdBy: 'admin',
  updatedBy: 'admin',
}

function bootData(isSignedIn: boolean): BootData {
  const source = (uid: string, name: string, port: number, isDefault: boolean) => ({
    uid,
    name,
    type: uid,
    url: `http://127.0.0.1:${port}`,
    isDefault,
    jsonData: {},
    readOnly: true,
  })
  return {
    user: {
      isSignedIn,
      id: 1,
      login: 'admin',
      name: 'admin',
      email: 'admin@localhost',
      orgId: 1,
      orgName: 'Main Org.',
      orgRole: 'Admin',
      isGrafanaAdmin: true,
      theme: 'dark',
      timezone: 'utc',
      weekStart: 'monday',
    },
    settings: {
      appUrl: 'http://127.0.0.1/',
      appSubUrl: '',
      buildInfo: { version: '12.3.1', commit: 'fixture', env: 'production' },
      featureToggles: {},
      disableLoginForm: false,
      disableSignoutMenu: false,
      isAutoLogin: false,
      oauth: {},
      minRefreshInterval: '5s',
      homeDashboardUid: '',
    },
    dataSources: isSignedIn
      ? [
          source('prometheus', 'Prometheus', 9090, true),
          source('loki', 'Loki', 3100, false),
          source('tempo', 'Tempo', 3200, false),
        ]
      : [],
    version: '0.1.0',
    navTree: [],
  }
}
