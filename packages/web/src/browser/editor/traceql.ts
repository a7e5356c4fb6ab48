import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { LanguageSupport, LRLanguage } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { parser } from '@grafana/lezer-traceql'
import { styleTags, tags } from '@lezer/highlight'
import { StoreClient } from '../datasources/store-client.ts'

const highlighting = styleTags({
  String: tags.string,
  'Integer Float Duration Static': tags.number,
  'AttributeField Identifier': tags.labelName,
  IntrinsicField: tags.keyword,
  'Resource Span Parent Event Link Instrumentation': tags.modifier,
  'Aggregate MetricsOverTimeType MetricsAggregatorFunctionType MetricsOperationBasicType': tags.function(
    tags.variableName,
  ),
  'And Or FieldOp ComparisonOp Gt Lt Desc Anc Pipe ScalarOp': tags.operator,
  'LineComment BlockComment': tags.lineComment,
})

const language = LRLanguage.define({ name: 'traceql', parser: parser.configure({ props: [highlighting] }) })

const intrinsics = [
  'name',
  'duration',
  'status',
  'kind',
  'statusMessage',
  'rootName',
  'rootServiceName',
  'traceDuration',
  'trace:id',
  'span:id',
]
const values: Readonly<Record<string, readonly string[]>> = {
  status: ['error', 'ok', 'unset'],
  kind: ['server', 'client', 'internal', 'producer', 'consumer', 'unspecified'],
}

/** Colours; attribute names and their values from the store. */
export function traceQl(dataSourceUid: string): Extension {
  const client = new StoreClient(dataSourceUid)
  const complete = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const before = context.state.sliceDoc(0, context.pos)
    const value = /([\w.:-]+)\s*(?:=~|!~|!=|=)\s*("?)([^"\s]*)$/.exec(before)
    if (value) {
      const [, attribute = '', quote = '', typed = ''] = value
      const known =
        values[attribute] ??
        (await attributeValues(client, attribute)).map((text) => (quote === '' ? JSON.stringify(text) : text))
      return { from: context.pos - typed.length, options: known.map((label) => ({ label, type: 'text' })) }
    }
    const name = /[{(&|]\s*([\w.]*)$/.exec(before)
    if (!name) return null
    const names = [...intrinsics, ...(await attributeNames(client))]
    return {
      from: context.pos - (name[1] as string).length,
      options: names.map((label) => ({ label, type: 'property' })),
      validFor: /^[\w.:-]*$/,
    }
  }
  return new LanguageSupport(language, language.data.of({ autocomplete: complete }))
}

async function attributeNames(client: StoreClient): Promise<string[]> {
  type Answer = { readonly scopes?: readonly { readonly name: string; readonly tags?: readonly string[] }[] }
  const { scopes = [] } = await client.get<Answer>('/api/v2/search/tags')
  return scopes
    .filter(({ name }) => name !== 'intrinsic')
    .flatMap(({ name, tags: attributes = [] }) => attributes.map((attribute) => `${name}.${attribute}`))
}

async function attributeValues(client: StoreClient, attribute: string): Promise<string[]> {
  type Answer = { readonly tagValues?: readonly { readonly value: string }[] }
  const answer = await client.get<Answer>(`/api/v2/search/tag/${encodeURIComponent(attribute)}/values`)
  return (answer.tagValues ?? []).map(({ value }) => value)
}
