import { request } from 'node:http'
import { basename } from 'node:path'

/** What a person calls a container. */
export interface ContainerName {
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
}

const CONTAINER_ID = /(?:^|[/-])([0-9a-f]{64})(?:\.scope)?$/
const TIMEOUT_MS = 2000

/** The id of the container that a cgroup belongs to: the end of its path under Docker, containerd, CRI-O and Podman. */
export function containerId(cgroupId: string): string | undefined {
  return CONTAINER_ID.exec(cgroupId)?.[1]
}

/** The name that the path alone gives: the short id of a container, nothing for others. */
export function nameFromPath(cgroupId: string): ContainerName {
  const id = containerId(cgroupId)
  const name = id?.slice(0, 12) ?? (basename(cgroupId).endsWith('.service') ? basename(cgroupId) : '')
  return { name, image: '', labels: {} }
}

/**
 * Asks Docker (or Podman) for its containers.
 * @returns names by full container id
 * @throws Error when nobody answers at the socket
 */
export async function dockerNames(socketPath: string): Promise<Map<string, ContainerName>> {
  const text = await get(socketPath, '/containers/json')
  const containers = JSON.parse(text) as readonly Partial<DockerContainer>[]
  return new Map(
    containers.map(({ Id = '', Image = '', Labels, Names }): [string, ContainerName] => [
      Id,
      { name: (Names?.[0] ?? Id).replace(/^\//, ''), image: Image, labels: Labels ?? {} },
    ]),
  )
}

/**
 * The environment that a container was started with, under lower-case names that begin as one of the prefixes does.
 * @throws Error when Docker does not tell
 */
export async function dockerEnvironment(
  socketPath: string,
  options: { id: string; prefixes: readonly string[] },
): Promise<Readonly<Record<string, string>>> {
  const text = await get(socketPath, `/containers/${options.id}/json`)
  const { Config } = JSON.parse(text) as { Config?: { Env?: readonly string[] | null } }
  const pairs = (Config?.Env ?? []).flatMap((each): [string, string][] => {
    const equals = each.indexOf('=')
    const name = each.slice(0, equals)
    const isWanted = equals > 0 && options.prefixes.some((prefix) => name.startsWith(prefix))
    return isWanted ? [[name.toLowerCase(), each.slice(equals + 1)]] : []
  })
  return Object.fromEntries(pairs)
}

interface DockerContainer {
  readonly Id: string
  readonly Names: readonly string[]
  readonly Image: string
  readonly Labels: Readonly<Record<string, string>> | null
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: TIMEOUT_MS, headers: { host: 'docker' } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString())
        else reject(new Error(`${path} answered with ${response.statusCode}`))
      })
    })
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`))).on('error', reject)
    call.end()
  })
}
