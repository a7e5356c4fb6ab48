import { posix } from 'node:path'
import { FunctionValue } from '../value.ts'
import { namespace, Parameters } from './parameters.ts'

/** Paths; like Go's filepath.Join, empty parts are left out and nothing at all is the empty text. */
export const file = namespace([
  new FunctionValue('path_join', (values) => {
    const parameters = new Parameters(values)
    const parts = values.map((_, index) => parameters.text(index)).filter((part) => part !== '')
    if (parts.length === 0) return ''
    const joined = posix.join(...parts)
    return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined
  }),
])
