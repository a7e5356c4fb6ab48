import { z } from 'zod'
import { checked, duration, section } from '../fields.ts'

const fields = {
  servers: z.array(z.string()).default([]),
  paths: z.array(z.string()).default([]),
  timeout: duration.default(10_000),
}

function problem(name: string): (keys: { servers: string[]; paths: string[] }) => string | undefined {
  return ({ servers, paths }) => {
    if (servers.length === 0) return `${name} SD config must contain at least one Zookeeper server`
    if (paths.length === 0) return `${name} SD config must contain at least one path`
    const relative = paths.find((path) => !path.startsWith('/'))
    return relative === undefined ? undefined : `${name} SD config paths must begin with '/': ${relative}`
  }
}

/** Keys of `nerve_sd_configs`. */
export const nerve = checked(
  section('zookeeper.plain', fields, 'empty or null section in nerve_sd_configs'),
  problem('nerve'),
)

/** Keys of `serverset_sd_configs`. */
export const serverset = checked(
  section('zookeeper.plain', fields, 'empty or null section in serverset_sd_configs'),
  problem('serverset'),
)
