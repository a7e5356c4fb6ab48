import type { ReactNode } from 'react'
import { LoadingBar } from '@grafana/ui'
import { useParams, useSearchParams } from 'react-router-dom'
import { AlertingPage } from '../../alerting/alerting-page.tsx'
import type { Silence } from '../../alerting/alertmanager.ts'
import { parseMatchers } from '../../alerting/matchers.ts'
import { EmptyNotice, StoreDown } from '../../alerting/notice.tsx'
import { canSilence } from '../../alerting/sources.ts'
import { NoAlertmanager, useAlertmanager, type ChosenAlertmanager } from '../../alerting/use-alertmanager.tsx'
import { useAsync } from '../../app/use-async.ts'
import { bootData } from '../../app/boot-data.ts'
import { SilenceForm } from './silence-form.tsx'
import { toLocalText, type SilenceDraft } from './silence-draft.ts'

/** `/alerting/silence/new?matcher=…` and `/alerting/silence/:id/edit`. */
export function SilenceFormPage(): ReactNode {
  const { id } = useParams()
  const [search] = useSearchParams()
  const chosen = useAlertmanager()
  return (
    <AlertingPage tab="/alerting/silences" title={id === undefined ? 'New silence' : 'Edit silence'}>
      {!chosen && <NoAlertmanager />}
      {chosen && !canSilence() && (
        <EmptyNotice title="You may look at silences, not change them">
          Silencing alerts needs the role Editor or Admin.
        </EmptyNotice>
      )}
      {chosen && canSilence() && id === undefined && (
        <SilenceForm chosen={chosen} draft={newDraft(search.getAll('matcher'))} />
      )}
      {chosen && canSilence() && id !== undefined && <Existing key={id} id={id} chosen={chosen} />}
    </AlertingPage>
  )
}

function Existing({ id, chosen }: { readonly id: string; readonly chosen: ChosenAlertmanager }): ReactNode {
  const [state, reload] = useAsync((signal) => chosen.client.silence(id, signal), [id, chosen.client])
  if (state.kind === 'error') return <StoreDown name={chosen.source.name} error={state.error} onRetry={reload} />
  if (state.kind === 'loading') return <LoadingBar width={400} />
  return <SilenceForm chosen={chosen} draft={draftOf(state.value)} />
}

function newDraft(matcherTexts: readonly string[]): SilenceDraft {
  const matchers = matcherTexts.flatMap((text) => parseMatchers(text) ?? [])
  const nowMs = Date.now()
  return {
    id: undefined,
    matchers: matchers.length > 0 ? matchers : [{ name: '', value: '', isEqual: true, isRegex: false }],
    startsAt: toLocalText(nowMs),
    endsAt: toLocalText(nowMs + 2 * 3_600_000),
    comment: '',
    createdBy: bootData.user.login,
  }
}

/** What is over begins again, now, for as long as it was. */
function draftOf(silence: Silence): SilenceDraft {
  const [startMs, endMs, nowMs] = [Date.parse(silence.startsAt), Date.parse(silence.endsAt), Date.now()]
  const isOver = silence.status.state === 'expired'
  return {
    id: isOver ? undefined : silence.id,
    matchers: silence.matchers,
    startsAt: toLocalText(isOver ? nowMs : startMs),
    endsAt: toLocalText(isOver ? nowMs + (endMs - startMs) : endMs),
    comment: silence.comment,
    createdBy: silence.createdBy,
  }
}
