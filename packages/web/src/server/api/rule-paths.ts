/** Where a store that evaluates rules tells of them, and where it lets them be edited. */
export const RULE_PATHS: Readonly<Record<string, { readonly state: string; readonly ruler: string | undefined }>> = {
  prometheus: { state: '/api/v1', ruler: undefined },
  loki: { state: '/prometheus/api/v1', ruler: '/loki/api/v1/rules' },
}
