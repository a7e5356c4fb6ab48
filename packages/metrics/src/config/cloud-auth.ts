import { z } from 'zod'
import { checked, countSet, optionalText, secret, section } from './fields.ts'

/** `sigv4`: requests signed for AWS. */
export const sigv4 = checked(
  section('sigv4.plain', {
    region: optionalText,
    access_key: optionalText,
    secret_key: secret.optional(),
    profile: optionalText,
    role_arn: optionalText,
    external_id: optionalText,
    service_name: optionalText,
    use_fips_sts_endpoint: z.boolean().default(false),
  }),
  (keys) =>
    countSet(keys.access_key, keys.secret_key) === 1
      ? 'must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config'
      : undefined,
)

const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/
const id = z.string().default('')

/** `azuread`: tokens from Microsoft Entra. */
export const azuread = checked(
  section('azuread.plain', {
    cloud: z.string().default('AzurePublic'),
    managed_identity: section('azuread.ManagedIdentityConfig', { client_id: id }).optional(),
    workload_identity: section('azuread.WorkloadIdentityConfig', {
      client_id: id,
      tenant_id: id,
      token_file_path: z.string().default('/var/run/secrets/azure/tokens/azure-identity-token'),
    }).optional(),
    oauth: section('azuread.OAuthConfig', {
      client_id: id,
      client_secret: secret.default(''),
      tenant_id: id,
    }).optional(),
    sdk: section('azuread.SDKConfig', { tenant_id: id }).optional(),
    scope: optionalText,
  }),
  ({ cloud, ...ways }) => {
    if (!['AzureChina', 'AzureGovernment', 'AzurePublic'].includes(cloud)) {
      return 'must provide a cloud in the Azure AD config'
    }
    const { managed_identity: managed, workload_identity: workload, oauth, sdk } = ways
    const count = countSet(managed, workload, oauth, sdk)
    if (count === 0) {
      return 'must provide an Azure Managed Identity, Azure Workload Identity, Azure OAuth or Azure SDK in the Azure AD config'
    }
    if (count > 1) return 'cannot provide multiple authentication methods in the Azure AD config'
    if (managed !== undefined && managed.client_id !== '') return idProblem(managed, ['client_id'], 'Managed Identity')
    if (workload !== undefined) return idProblem(workload, ['client_id', 'tenant_id'], 'Workload Identity')
    if (oauth !== undefined) {
      if (oauth.client_secret === '') return 'must provide an Azure OAuth client_secret in the Azure AD config'
      return idProblem(oauth, ['client_id', 'tenant_id'], 'OAuth')
    }
    return sdk !== undefined && sdk.tenant_id !== '' ? idProblem(sdk, ['tenant_id'], 'SDK') : undefined
  },
)

function idProblem(
  ids: { readonly client_id?: string; readonly tenant_id?: string },
  keys: readonly ('client_id' | 'tenant_id')[],
  way: string,
): string | undefined {
  for (const key of keys) {
    const value = ids[key] ?? ''
    if (value === '') return `must provide an Azure ${way} ${key} in the Azure AD config`
    if (key === 'client_id' && !UUID.test(value)) return `the provided Azure ${way} client_id is invalid`
    if (key === 'tenant_id' && !/^[0-9a-zA-Z-.]+$/.test(value)) {
      return `the provided Azure ${way} tenant_id is invalid`
    }
  }
  return undefined
}

/** `google_iam`: tokens of a Google service account. */
export const googleIam = section('googleiam.Config', { credentials_file: optionalText })
