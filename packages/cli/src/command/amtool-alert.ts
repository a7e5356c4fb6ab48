import type { AmtoolCommand, AmtoolContext } from './amtool-context.ts'
import { list, text } from './amtool-context.ts'
import { AmtoolError } from './amtool-flags.ts'
import type { ApiAlert } from './amtool-format.ts'

/** A first word that is no matcher is the name of an alert. */
export function matcherWords({ tool, words }: Pick<AmtoolContext, 'tool' | 'words'>): readonly string[] {
  const [first, ...rest] = words
  if (first === undefined) return []
  try {
    tool.readMatcher(first)
    return words
  } catch (error) {
    if (!(error instanceof tool.MatcherError)) throw error
    return [`alertname=${JSON.stringify(first)}`, ...rest]
  }
}

export const ALERT_COMMANDS: readonly AmtoolCommand[] = [
  {
    name: 'alert query',
    help: 'View and search through current alerts; only active ones unless flags say otherwise.',
    flags: [
      { name: 'inhibited', short: 'i', kind: 'switch', help: 'Show inhibited alerts' },
      { name: 'silenced', short: 's', kind: 'switch', help: 'Show silenced alerts' },
      { name: 'active', short: 'a', kind: 'switch', help: 'Show active alerts' },
      { name: 'unprocessed', short: 'u', kind: 'switch', help: 'Show unprocessed alerts' },
      { name: 'receiver', short: 'r', kind: 'text', help: 'Show alerts matching receiver (Supports regex syntax)' },
    ],
    async run(context) {
      const { flags, formatter, print } = context
      const wanted = ['silenced', 'inhibited', 'active', 'unprocessed'].filter((name) => flags[name] === true)
      const states = wanted.length === 0 ? ['active'] : wanted
      const query: [string, string][] = ['active', 'inhibited', 'silenced', 'unprocessed'].map((name) => [
        name,
        String(states.includes(name)),
      ])
      for (const matcher of matcherWords(context)) query.push(['filter', matcher])
      if (text(flags, 'receiver') !== '') query.push(['receiver', text(flags, 'receiver')])
      print(formatter.alerts((await (await context.client()).get('alerts', query)) as ApiAlert[]))
      return 0
    },
  },
  {
    name: 'alert add',
    help: 'Add a new alert: amtool alert add foo node=bar --annotation=summary="what is wrong".',
    flags: [
      { name: 'generator-url', kind: 'text', help: 'URL of the source that generated the alert' },
      { name: 'start', kind: 'text', help: 'When the alert should start, RFC 3339' },
      { name: 'end', kind: 'text', help: 'When the alert should end, RFC 3339' },
      { name: 'annotation', kind: 'list', help: 'An annotation to be included with the alert' },
    ],
    async run(context) {
      const { client, flags } = context
      const words = context.words.map((word, index) =>
        index === 0 && !word.includes('=') ? `alertname=${word}` : word,
      )
      const generator = text(flags, 'generator-url')
      const alert = {
        labels: pairs(context, words),
        annotations: pairs(context, list(flags, 'annotation')),
        ...(generator !== '' && { generatorURL: generator }),
        ...times(flags['start'], 'startsAt'),
        ...times(flags['end'], 'endsAt'),
      }
      await (await client()).post('alerts', [alert])
      return 0
    },
  },
]

/** `name=value`, quoted or not. */
export function pairs({ tool }: Pick<AmtoolContext, 'tool'>, words: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const word of words) {
    const matcher = readMatcher(tool, word)
    if (matcher.isRegex || !matcher.isEqual) throw new AmtoolError(`${word} must be name=value`)
    found[matcher.name] = matcher.value
  }
  return found
}

export function readMatcher(tool: AmtoolContext['tool'], word: string) {
  try {
    return tool.readMatcher(word)
  } catch (error) {
    if (!(error instanceof tool.MatcherError)) throw error
    throw new AmtoolError(error.message, { cause: error })
  }
}

function times(value: unknown, key: string): Record<string, string> {
  return typeof value === 'string' && value !== '' ? { [key]: new Date(timeMs(value)).toISOString() } : {}
}

/** @throws AmtoolError */
export function timeMs(value: string): number {
  const ms = Date.parse(value)
  if (Number.isNaN(ms))
    throw new AmtoolError(`parsing time ${JSON.stringify(value)}: not RFC 3339, as 2006-01-02T15:04:05-07:00`)
  return ms
}
