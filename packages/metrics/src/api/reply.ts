/** What a handler answers: a whole body, or the `data` of the envelope. */
export type Reply = { readonly body: Uint8Array } | { readonly data: unknown; readonly warnings?: readonly string[] }
