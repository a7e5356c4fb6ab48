/** OTLP/JSON as Tempo answers it: ids as base64 or hex, 64-bit numbers as text. Only what is read here. */
export interface TraceResponse {
  readonly trace?: TraceResponse
  readonly batches?: readonly ResourceSpans[]
  readonly resourceSpans?: readonly ResourceSpans[]
}

export interface ResourceSpans {
  readonly resource?: { readonly attributes?: readonly KeyValue[] }
  readonly scopeSpans?: readonly ScopeSpans[]
  readonly instrumentationLibrarySpans?: readonly ScopeSpans[]
}

export interface ScopeSpans {
  readonly scope?: { readonly name?: string; readonly version?: string }
  readonly spans?: readonly OtlpSpan[]
}

export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name?: string
  readonly kind?: string | number
  readonly startTimeUnixNano: string | number
  readonly endTimeUnixNano: string | number
  readonly traceState?: string
  readonly attributes?: readonly KeyValue[]
  readonly events?: readonly {
    readonly timeUnixNano: string | number
    readonly name?: string
    readonly attributes?: readonly KeyValue[]
  }[]
  readonly links?: readonly {
    readonly traceId: string
    readonly spanId: string
    readonly attributes?: readonly KeyValue[]
  }[]
  readonly status?: { readonly code?: string | number; readonly message?: string }
}

export interface KeyValue {
  readonly key: string
  readonly value?: AnyValue
}

export interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string | number
  readonly doubleValue?: number | string
  readonly arrayValue?: { readonly values?: readonly AnyValue[] }
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] }
  readonly bytesValue?: string
}

export type AttributeValue = string | number | boolean | AttributeValue[] | { [key: string]: AttributeValue } | null

export function attributeValue(value: AnyValue | undefined): AttributeValue {
  if (value === undefined) return null
  if (value.stringValue !== undefined) return value.stringValue
  if (value.boolValue !== undefined) return value.boolValue
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.doubleValue !== undefined) return Number(value.doubleValue)
  if (value.bytesValue !== undefined) return value.bytesValue
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(attributeValue)
  if (value.kvlistValue) {
    return Object.fromEntries((value.kvlistValue.values ?? []).map(({ key, value }) => [key, attributeValue(value)]))
  }
  return null
}

/** Hex stays (lower case), base64 is decoded: an 8-byte id has 16 digits or 12 base64 characters, so they never mix. */
export function hexId(id: string | undefined): string {
  if (id === undefined || id === '') return ''
  if (/^(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{32})$/.test(id)) return id.toLowerCase()
  return Array.from(atob(id), (character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}
