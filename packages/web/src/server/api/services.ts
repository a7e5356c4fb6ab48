import packageJson from '../../../package.json' with { type: 'json' }
import type { Clock, Logger, SelfMetrics } from '@quartet/runtime'
import type { Login } from '../auth/login.ts'
import type { Sessions } from '../auth/sessions.ts'
import type { Kept } from '../auth/sso/kept.ts'
import type { SingleSignOn } from '../auth/sso/single-sign-on.ts'
import type { SignInProblem } from '../../common/sign-in.ts'
import type { Settings } from '../config/settings.ts'
import type { DashboardProvisioner } from '../provisioning/dashboard-provisioner.ts'
import type { DataSources } from '../provisioning/data-sources.ts'
import type { StoreClient } from '../query/store-client.ts'
import type { Dashboards } from '../storage/dashboards.ts'
import type { Folders } from '../storage/folders.ts'
import type { Users } from '../storage/users.ts'

/** What the API is made of; service.ts builds it. */
export interface Services {
  readonly settings: Settings
  readonly users: Users
  readonly login: Login
  readonly sessions: Sessions
  /** `undefined` when it is off. */
  readonly singleSignOn: SingleSignOn | undefined
  /** Sign-ins that failed a while ago, for the page that explains them. */
  readonly signInProblems: Kept<SignInProblem>
  readonly dashboards: Dashboards
  readonly folders: Folders
  readonly provisioner: DashboardProvisioner
  /** A reload replaces it. */
  dataSources: DataSources
  readonly stores: StoreClient
  readonly metrics: SelfMetrics
  readonly clock: Clock
  readonly logger: Logger
  /** Where Vite's build lies. */
  readonly pageDirectory: string
  /** Reads provisioning again; rejects with ConfigError and keeps the old. */
  readonly reloadDataSources: () => Promise<void>
  readonly reloadDashboards: () => Promise<void>
  readonly isDatabaseFine: () => Promise<boolean>
}

/** Quartet's own, for people to see. */
export const QUARTET_VERSION = packageJson.version
/** What this stands in for; tools look at it. */
export const GRAFANA_VERSION = '12.3.1'
export const COMMIT = 'quartet'
