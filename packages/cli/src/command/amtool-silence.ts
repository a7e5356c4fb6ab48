import { DurationError, parseDuration } from '@quartet/query'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { matcherWords, readMatcher, timeMs } from './amtool-alert.ts'
import type { AmtoolClient } from './amtool-client.ts'
import type { AmtoolCommand } from './amtool-context.ts'
import { text } from './amtool-context.ts'
import { AmtoolError } from './amtool-flags.ts'
import type { FlagSpec, FlagValues } from './amtool-flags.ts'
import type { ApiSilence } from './amtool-format.ts'

const SPAN: readonly FlagSpec[] = [
  { name: 'start', kind: 'text', help: 'When the silence should start, RFC 3339' },
  { name: 'end', kind: 'text', help: 'When the silence should end (overwrites duration), RFC 3339' },
]

export const SILENCE_COMMANDS: readonly AmtoolCommand[] = [
  {
    name: 'silence query',
    help: 'Query Alertmanager silences.',
    flags: [
      { name: 'expired', kind: 'switch', help: 'Show expired silences instead of active' },
      { name: 'quiet', short: 'q', kind: 'switch', help: 'Only show silence ids' },
      { name: 'created-by', kind: 'text', help: 'Show silences that belong to this creator' },
      { name: 'id', kind: 'list', help: 'Get a single silence by its ID' },
      { name: 'within', kind: 'text', help: 'Show silences that will expire or have expired within a duration' },
    ],
    async run(context) {
      const { client, flags, formatter, nowMs, print } = context
      const query = matcherWords(context).map((matcher) => ['filter', matcher] as const)
      const all = (await (await client()).get('silences', query)) as ApiSilence[]
      const isExpired = flags['expired'] === true
      const withinMs = text(flags, 'within') === '' ? undefined : duration(text(flags, 'within'))
      const creator = text(flags, 'created-by')
      const ids = flags['id'] as readonly string[]
      const shown = all.filter(({ createdBy, endsAt, id }) => {
        const endsAtMs = Date.parse(endsAt)
        if (endsAtMs < nowMs !== isExpired) return false
        if (withinMs !== undefined && Math.abs(endsAtMs - nowMs) > withinMs) return false
        return (creator === '' || creator === createdBy) && (ids.length === 0 || ids.includes(id))
      })
      print(flags['quiet'] === true ? shown.map(({ id }) => id).join('\n') : formatter.silences(shown))
      return 0
    },
  },
  {
    name: 'silence add',
    help: 'Add a new silence: amtool silence add alertname=foo node=~"bar.*" -c "why".',
    flags: [
      { name: 'author', short: 'a', kind: 'text', help: 'Username for CreatedBy field' },
      { name: 'require-comment', kind: 'switch', default: true, help: 'Require comment to be set' },
      { name: 'duration', short: 'd', kind: 'text', default: '1h', help: 'Duration of silence' },
      { name: 'comment', short: 'c', kind: 'text', help: 'A comment to help describe the silence' },
      ...SPAN,
    ],
    async run(context) {
      const { client, flags, nowMs, print, tool } = context
      const matchers = matcherWords(context).map((word) => readMatcher(tool, word))
      if (matchers.length === 0) throw new AmtoolError('no matchers specified')
      if (flags['require-comment'] === true && text(flags, 'comment') === '')
        throw new AmtoolError('comment required by config')
      const startsAtMs = text(flags, 'start') === '' ? nowMs : timeMs(text(flags, 'start'))
      const endsAtMs =
        text(flags, 'end') === '' ? startsAtMs + positive(text(flags, 'duration')) : timeMs(text(flags, 'end'))
      if (startsAtMs > endsAtMs) throw new AmtoolError('silence cannot start after it ends')
      const posted = {
        matchers,
        startsAt: new Date(startsAtMs).toISOString(),
        endsAt: new Date(endsAtMs).toISOString(),
        createdBy: text(flags, 'author') || userInfo().username,
        comment: text(flags, 'comment'),
      }
      print(await post(await client(), posted))
      return 0
    },
  },
  {
    name: 'silence expire',
    help: 'Expire silences.',
    flags: [],
    async run({ client, words }) {
      if (words.length === 0) throw new AmtoolError('no silence IDs specified')
      const to = await client()
      for (const id of words) await to.delete(`silence/${encodeURIComponent(id)}`)
      return 0
    },
  },
  {
    name: 'silence update',
    help: 'Update silences.',
    flags: [
      { name: 'quiet', short: 'q', kind: 'switch', help: 'Only show silence ids' },
      { name: 'duration', short: 'd', kind: 'text', help: 'Duration of silence' },
      { name: 'comment', short: 'c', kind: 'text', help: 'A comment to help describe the silence' },
      ...SPAN,
    ],
    async run({ client, flags, formatter, print, words }) {
      if (words.length === 0) throw new AmtoolError('no silence IDs specified')
      const to = await client()
      const updated: ApiSilence[] = []
      for (const id of words) {
        const old = (await to.get(`silence/${encodeURIComponent(id)}`)) as ApiSilence
        const changed = change(old, flags)
        updated.push({ ...changed, id: await post(to, changed) })
      }
      print(flags['quiet'] === true ? updated.map(({ id }) => id).join('\n') : formatter.silences(updated))
      return 0
    },
  },
  {
    name: 'silence import',
    help: 'Import silences from a JSON file, or from standard input, as silence query -o json writes them.',
    flags: [
      { name: 'force', short: 'f', kind: 'switch', help: 'Force adding new silences even if it already exists' },
      {
        name: 'worker',
        short: 'w',
        kind: 'text',
        default: '8',
        help: 'Number of concurrent workers to use for import',
      },
    ],
    async run({ client, flags, print, readInput, warn, words }) {
      const [path] = words
      const silences = readSilences(path === undefined ? await readInput() : await readFile(path, 'utf8'))
      const to = await client()
      const queue = silences.map((silence) => (flags['force'] === true ? { ...silence, id: '' } : silence))
      let failures = 0
      const work = async (): Promise<void> => {
        for (let silence = queue.shift(); silence; silence = queue.shift()) {
          try {
            print(await importOne(to, silence))
          } catch (error) {
            if (!(error instanceof AmtoolError)) throw error
            failures++
            warn(`Error adding silence id='${silence.id}': ${error.message}`)
          }
        }
      }
      await Promise.all(Array.from({ length: Math.max(1, Math.min(64, Number(flags['worker']) || 1)) }, work))
      if (failures > 0) throw new AmtoolError(`couldn't import ${failures} out of ${silences.length} silences`)
      return 0
    },
  },
]

async function post(client: AmtoolClient, silence: object): Promise<string> {
  return ((await client.post('silences', silence)) as { silenceID: string }).silenceID
}

/** One that another server knew under its id gets a new one here. */
async function importOne(client: AmtoolClient, silence: ApiSilence): Promise<string> {
  try {
    return await post(client, silence)
  } catch (error) {
    if (!(error instanceof AmtoolError) || silence.id === '' || !error.message.includes('[404]')) throw error
    return post(client, { ...silence, id: '' })
  }
}

function change(old: ApiSilence, flags: FlagValues): ApiSilence {
  const startsAt = text(flags, 'start') === '' ? old.startsAt : new Date(timeMs(text(flags, 'start'))).toISOString()
  const span = text(flags, 'duration')
  const endsAt =
    text(flags, 'end') !== ''
      ? new Date(timeMs(text(flags, 'end'))).toISOString()
      : span === ''
        ? old.endsAt
        : new Date(Date.parse(startsAt) + positive(span)).toISOString()
  return { ...old, startsAt, endsAt, comment: text(flags, 'comment') || old.comment }
}

function readSilences(json: string): readonly ApiSilence[] {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new AmtoolError(`couldn't unmarshal input data, is it JSON? ${String(cause)}`, { cause })
  }
  if (!Array.isArray(value)) throw new AmtoolError("couldn't unmarshal input data: a list of silences is expected")
  return value as ApiSilence[]
}

function positive(span: string): number {
  const ms = duration(span)
  if (ms === 0) throw new AmtoolError('silence duration must be greater than 0')
  return ms
}

function duration(span: string): number {
  try {
    return parseDuration(span)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    throw new AmtoolError(error.message, { cause: error })
  }
}
