import { z } from 'zod'
import { checked, countSet, listOf, optionalText, section, texts, url } from '../fields.ts'
import { checkHttp, httpFields, isCustomHttp } from '../http-config.ts'

/** Which objects may be selected by label or field for each role. */
const SELECTORS: Readonly<Record<string, readonly string[]>> = {
  pod: ['pod'],
  service: ['service'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  endpoints: ['pod', 'service', 'endpoints'],
  node: ['node'],
  ingress: ['ingress'],
}

/** Keys of `kubernetes_sd_configs`. */
export const kubernetes = checked(
  section(
    'kubernetes.plain',
    {
      api_server: url.optional(),
      role: z.string().default(''),
      kubeconfig_file: optionalText,
      ...httpFields,
      namespaces: section('kubernetes.plain', {
        own_namespace: z.boolean().default(false),
        names: texts,
      }).optional(),
      selectors: listOf(
        section('kubernetes.SelectorConfig', {
          role: z.string().default(''),
          label: optionalText,
          field: optionalText,
        }),
      ).default([]),
      attach_metadata: section('kubernetes.plain', {
        node: z.boolean().default(false),
        namespace: z.boolean().default(false),
      }).optional(),
    },
    'empty or null section in kubernetes_sd_configs',
  ),
  ({ role }) => {
    if (role === '') return 'role missing (one of: pod, service, endpoints, endpointslice, node, ingress)'
    return role in SELECTORS ? undefined : `unknown Kubernetes SD role "${role}"`
  },
  checkHttp,
  (target) => {
    const { api_server: server, kubeconfig_file: kubeconfig } = target
    const hasServer = countSet(server) > 0
    const hasKubeconfig = countSet(kubeconfig) > 0
    const ownNamespace = target.namespaces?.own_namespace === true
    if (hasServer && hasKubeconfig) return "cannot use 'kubeconfig_file' and 'api_server' simultaneously"
    if (hasKubeconfig && isCustomHttp(target)) {
      return "cannot use a custom HTTP client configuration together with 'kubeconfig_file'"
    }
    if (!hasServer && isCustomHttp(target)) {
      return "to use custom HTTP client configuration please provide the 'api_server' URL explicitly"
    }
    if (hasServer && ownNamespace) return "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously"
    if (!hasKubeconfig || !ownNamespace) return undefined
    return "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously"
  },
  ({ role, selectors }) => selectorsProblem(role, selectors),
)

interface Selector {
  readonly role: string
  readonly label?: string | undefined
  readonly field?: string | undefined
}

function selectorsProblem(role: string, selectors: readonly Selector[]): string | undefined {
  const allowed = SELECTORS[role]
  if (allowed === undefined) return undefined
  const seen = new Set<string>()
  for (const selector of selectors) {
    if (seen.has(selector.role)) return `duplicated selector role: ${selector.role}`
    seen.add(selector.role)
    if (!allowed.includes(selector.role)) return `${role} role supports only ${allowed.join(', ')} selectors`
    const bad = (selector.field ?? '').split(',').find((part) => part !== '' && !part.includes('='))
    if (bad !== undefined) return `invalid selector: '${selector.field}'; can't understand '${bad}'`
  }
  return undefined
}
