import { parse as parseYaml } from 'yaml'
import type { FunctionValue } from '../value.ts'
import { ArgumentError, valueFromData, valueToData } from '../value.ts'
import { define, namespace } from './parameters.ts'

export const fromJson = define('from_json', 1, (parameters) => {
  try {
    return valueFromData(JSON.parse(parameters.text(0)), false)
  } catch (error) {
    throw asArgumentError(error)
  }
})

export const fromYaml = define('from_yaml', 1, (parameters) => {
  try {
    return valueFromData(parseYaml(parameters.text(0), { maxAliasCount: 100 }), true)
  } catch (error) {
    throw asArgumentError(error)
  }
})

export const fromBase64 = decoder(
  'from_base64',
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  'base64',
)
const fromUrlBase64 = decoder('from_URLbase64', /^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/, 'base64url')

/** Go's base64.URLEncoding pads, Node's does not. */
const toUrlBase64 = define('to_URLbase64', 1, (parameters) => {
  const encoded = Buffer.from(parameters.text(0)).toString('base64url')
  return encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=')
})

/** Codecs; secrets in what `to_json` is given end up in the text, as they do upstream. */
export const encoding = namespace([
  fromJson,
  define('to_json', 1, (parameters) => escapeLikeGo(JSON.stringify(valueToData(parameters.value(0), true)))),
  fromYaml,
  fromBase64,
  fromUrlBase64,
  define('to_base64', 1, (parameters) => Buffer.from(parameters.text(0)).toString('base64')),
  toUrlBase64,
  define('url_encode', 1, (parameters) => queryEscape(parameters.text(0))),
  define('url_decode', 1, (parameters) => {
    try {
      return decodeURIComponent(parameters.text(0).replaceAll('+', ' '))
    } catch (error) {
      throw new ArgumentError(0, `invalid URL escape ${JSON.stringify(parameters.text(0))}`, { cause: error })
    }
  }),
])

function decoder(name: string, shape: RegExp, codec: 'base64' | 'base64url'): FunctionValue {
  return define(name, 1, (parameters) => {
    const text = parameters.text(0).replaceAll(/[\r\n]/g, '')
    if (!shape.test(text)) throw new ArgumentError(0, `illegal base64 data at input byte ${illegalAt(text, codec)}`)
    return Buffer.from(text, codec).toString('utf8')
  })
}

function illegalAt(text: string, codec: 'base64' | 'base64url'): number {
  const legal = codec === 'base64' ? /[A-Za-z0-9+/]/ : /[\w-]/
  for (let index = 0; index < text.length; index++) if (!legal.test(text[index])) return index
  return text.length
}

/** Go's encoding/json writes these characters escaped. */
function escapeLikeGo(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (found) => '\\u' + found.charCodeAt(0).toString(16).padStart(4, '0'))
}

/** Go's url.QueryEscape. */
function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll(/[!'()*]/g, (found) => '%' + found.charCodeAt(0).toString(16).toUpperCase())
}

function asArgumentError(error: unknown): ArgumentError {
  return new ArgumentError(0, (error as Error).message, { cause: error })
}
