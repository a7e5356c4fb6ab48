import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { LanguageSupport, LRLanguage } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { parser } from '@grafana/lezer-logql'
import { styleTags, tags } from '@lezer/highlight'
import { StoreClient } from '../datasources/store-client.ts'

const highlighting = styleTags({
  'String Bytes Duration': tags.string,
  Number: tags.number,
  'Selector/Matchers/Matcher/Identifier': tags.labelName,
  Identifier: tags.labelName,
  LineComment: tags.lineComment,
  'Json Logfmt Pattern Regexp Unpack Unwrap LabelFormat LineFormat Decolorize Drop Keep Distinct': tags.keyword,
  'By Without And Or Unless Bool On Ignoring GroupLeft GroupRight Offset': tags.modifier,
  'Sum Avg Count Max Min Stddev Stdvar Bottomk Topk Sort Sort_Desc': tags.operatorKeyword,
  'CountOverTime Rate RateCounter BytesOverTime BytesRate AvgOverTime SumOverTime MinOverTime MaxOverTime':
    tags.function(tags.variableName),
  'QuantileOverTime StddevOverTime StdvarOverTime FirstOverTime LastOverTime AbsentOverTime': tags.function(
    tags.variableName,
  ),
  'PipeExact PipeMatch PipePattern Npa Nre Neq Re Eq Gt Gte Lt Lte Eql': tags.operator,
})

const language = LRLanguage.define({ name: 'logql', parser: parser.configure({ props: [highlighting] }) })

const stages = [
  'json',
  'logfmt',
  'pattern',
  'regexp',
  'unpack',
  'line_format',
  'label_format',
  'unwrap',
  'drop',
  'keep',
  'decolorize',
]

/** Colours; label names and values from the store inside of `{ }`, stages after `|`. */
export function logQl(dataSourceUid: string): Extension {
  const client = new StoreClient(dataSourceUid)
  const labels = async (path: string): Promise<string[]> => (await client.get<{ data?: string[] }>(path)).data ?? []
  const complete = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const before = context.state.sliceDoc(0, context.pos)
    const value = /([\w]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(before)
    if (value && isInSelector(before)) {
      const values = await labels(`/loki/api/v1/label/${encodeURIComponent(value[1] as string)}/values`)
      return options(context.pos - (value[2] as string).length, values, 'text')
    }
    const name = /[{,]\s*(\w*)$/.exec(before)
    if (name && isInSelector(before)) {
      return options(context.pos - (name[1] as string).length, await labels('/loki/api/v1/labels'), 'property')
    }
    const stage = /\|\s*(\w*)$/.exec(before)
    return stage ? options(context.pos - (stage[1] as string).length, stages, 'keyword') : null
  }
  return new LanguageSupport(language, language.data.of({ autocomplete: complete }))
}

function isInSelector(before: string): boolean {
  return before.lastIndexOf('{') > before.lastIndexOf('}')
}

function options(from: number, labels: readonly string[], type: string): CompletionResult {
  return { from, options: labels.map((label) => ({ label, type })), validFor: /^[^",}]*$/ }
}
