import { hostname } from 'node:os'
import type { ObjectValue } from '../value.ts'

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

/** What does not change while the program runs, under Go's names for systems and architectures. */
export function constants(): ObjectValue {
  return new Map([
    ['hostname', hostname()],
    ['os', process.platform === 'win32' ? 'windows' : process.platform],
    ['arch', GO_ARCHITECTURES[process.arch] ?? process.arch],
  ])
}
