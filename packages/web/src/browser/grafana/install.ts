import {
  EventBusSrv,
  locationUtil,
  patchArrayVectorProrotypeMethods,
  setLocale,
  setTimeZoneResolver,
  setWeekStart,
  type GrafanaConfig,
} from '@grafana/data'
import { initPluginTranslations } from '@grafana/i18n'
import {
  config,
  setAppEvents,
  setBackendSrv,
  setDataSourceSrv,
  setEchoSrv,
  setPluginImportUtils,
  setRunRequest,
  setTemplateSrv,
  type EchoSrv,
} from '@grafana/runtime'
import { bootData } from '../app/boot-data.ts'
import { importPanel, loadedPanel } from '../panels/registry.ts'
import { backendService } from './backend-service.ts'
import { dataSourceService } from './data-source-service.ts'
import { installFieldConfig } from './field-config.ts'
import { runRequest } from './run-request.ts'
import { templateService } from './template-service.ts'
import { installTransformers } from './transformers.ts'

/** Gives Grafana's libraries what Grafana itself gives them: services, registries, locale. Before any of them is used. */
export async function installRuntime(): Promise<void> {
  patchArrayVectorProrotypeMethods()
  await initPluginTranslations('grafana', [() => Promise.resolve({})])
  setTimeZoneResolver(() => bootData.user.timezone)
  setWeekStart(bootData.user.weekStart)
  setLocale(navigator.language)
  installFieldConfig()
  installTransformers()
  config.appSubUrl = bootData.settings.appSubUrl
  locationUtil.initialize({
    config: config as unknown as GrafanaConfig,
    getVariablesUrlParams: () => ({}),
    getTimeRangeForUrl: () => ({ from: 'now-1h', to: 'now' }),
  })
  setEchoSrv(silentEcho)
  setAppEvents(new EventBusSrv())
  setBackendSrv(backendService)
  setDataSourceSrv(dataSourceService)
  setTemplateSrv(templateService)
  setRunRequest(runRequest)
  setPluginImportUtils({ importPanelPlugin: importPanel, getPanelPluginFromCache: loadedPanel })
}

/** Usage analytics go nowhere. */
const silentEcho: EchoSrv = {
  flush: () => undefined,
  addBackend: () => undefined,
  addEvent: () => undefined,
}
