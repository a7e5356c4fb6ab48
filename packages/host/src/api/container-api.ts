import { HttpError } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import type { IncomingMessage } from 'node:http'
import type { HostFiles } from '../collectors/host-files.ts'
import type { ContainerExporter, SeenContainer } from '../containers/container-exporter.ts'
import { deviceNames } from '../containers/container-exporter.ts'
import { containerJson, machineJson } from './container-json.ts'

const VERSION = 'v0.55.1'

export interface ContainerApiOptions {
  readonly exporter: ContainerExporter
  readonly files: HostFiles
  readonly nowMs: () => number
}

/**
 * cAdvisor's REST API 1.x and the parts of 2.0 that need no history: each answer holds one sample, read when it is asked for.
 * Source: https://github.com/google/cadvisor/blob/v0.55.1/docs/api.md
 */
export function addContainerApi(server: HttpServer, options: ContainerApiOptions): void {
  const answer = (path: string, handle: (rest: string) => Promise<unknown>): void => {
    for (const url of [path, `${path}/*`]) {
      server.api.route({
        method: ['GET', 'POST'],
        url,
        handler: async (request, reply) => {
          reply.type('application/json')
          return reply.send(JSON.stringify(await handle(restOf(request.raw, path))))
        },
      })
    }
  }
  for (const version of ['v1.0', 'v1.1', 'v1.2', 'v1.3']) {
    const base = `/api/${version}`
    answer(`${base}/machine`, async () => machineJson(options.files, timestamp(options)))
    answer(`${base}/containers`, async (rest) => {
      const all = await describe(options)
      return found(all.get(rest === '' ? '/' : rest), rest)
    })
    answer(`${base}/subcontainers`, async (rest) => {
      const all = await describe(options)
      const root = rest === '' ? '/' : rest
      found(all.get(root), root)
      return [...all]
        .filter(([id]) => id === root || id.startsWith(root === '/' ? '/' : `${root}/`))
        .map(([, each]) => each)
    })
    answer(`${base}/docker`, async (rest) => dockerContainers(await describe(options), rest.slice(1)))
  }
  answer('/api/v2.0/version', async () => VERSION)
  answer('/api/v2.0/machine', async () => machineJson(options.files, timestamp(options)))
}

type Described = ReturnType<typeof containerJson>

async function describe({ exporter, files, nowMs }: ContainerApiOptions): Promise<Map<string, Described>> {
  const devices = deviceNames(files)
  const deviceName = (major: string, minor: string): string => devices.get(`${major}:${minor}`) ?? `${major}:${minor}`
  const all: SeenContainer[] = []
  for await (const each of exporter.containers()) all.push(each)
  return new Map(
    all.map((each) => {
      const children = all.map(({ id }) => id).filter((id) => id !== each.id && parentOf(id) === each.id)
      return [each.id, containerJson(each, { files, timestamp: timestamp({ nowMs }), children, deviceName })]
    }),
  )
}

/** By cgroup path, as upstream; of one container when its name or the beginning of its id is given. */
function dockerContainers(all: ReadonlyMap<string, Described>, wanted: string): Readonly<Record<string, Described>> {
  const docker = [...all].filter(([, { aliases }]) => {
    if (!Array.isArray(aliases)) return false
    return wanted === '' || aliases.some((alias, index) => (index === 0 ? alias === wanted : alias.startsWith(wanted)))
  })
  if (docker.length === 0 && wanted !== '') throw new HttpError(404, `unable to find Docker container "${wanted}"`)
  return Object.fromEntries(docker)
}

function found(container: Described | undefined, name: string): Described {
  if (!container) throw new HttpError(404, `unknown container "${name}"`)
  return container
}

function parentOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/')) || '/'
}

function restOf(request: IncomingMessage, path: string): string {
  const whole = request.url!.split('?', 1)[0]!
  try {
    return decodeURIComponent(whole.slice(path.length))
      .replace(/(?<=.)\/+$/, '')
      .replace(/^\/$/, '')
  } catch (cause) {
    throw new HttpError(400, `invalid URL escape in ${JSON.stringify(whole)}`, { cause })
  }
}

function timestamp({ nowMs }: { nowMs: () => number }): string {
  return new Date(nowMs()).toISOString()
}
