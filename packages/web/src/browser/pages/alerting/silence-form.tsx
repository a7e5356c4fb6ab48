import type { GrafanaTheme2 } from '@grafana/data'
import { Alert, Button, Field, Input, LinkButton, RadioButtonGroup, TextArea, useStyles2 } from '@grafana/ui'
import { css } from '@emotion/css'
import { useState, type FormEvent, type ReactNode } from 'react'
import { useNavigate } from 'react-router-dom'
import { boxStyle } from '../../alerting/box.ts'
import { roughly } from '../../alerting/time-ago.tsx'
import type { ChosenAlertmanager } from '../../alerting/use-alertmanager.tsx'
import { bootData } from '../../app/boot-data.ts'
import { MatcherFields } from './matcher-fields.tsx'
import {
  draftProblems,
  fromLocalText,
  parseDuration,
  silenceOf,
  toLocalText,
  type SilenceDraft,
} from './silence-draft.ts'
import { SilencePreview } from './silence-preview.tsx'

const durations = ['30m', '2h', '8h', '1d', '7d'].map((text) => ({ label: text, value: text }))

export function SilenceForm(props: { readonly chosen: ChosenAlertmanager; readonly draft: SilenceDraft }): ReactNode {
  const { chosen } = props
  const styles = useStyles2(getStyles)
  const navigate = useNavigate()
  const [draft, setDraft] = useState(props.draft)
  const [isTried, setTried] = useState(false)
  const [isSaving, setSaving] = useState(false)
  const [failure, setFailure] = useState('')
  const change = (changes: Partial<SilenceDraft>): void => setDraft((old) => ({ ...old, ...changes }))
  const problems = draftProblems(draft, Date.now())
  const shown = isTried ? problems : {}
  const lengthMs = fromLocalText(draft.endsAt) - fromLocalText(draft.startsAt)
  const length = lengthMs > 0 ? roughly(lengthMs / 1000) : ''
  const setLength = (text: string): void => {
    const wantedMs = parseDuration(text)
    const startMs = fromLocalText(draft.startsAt)
    if (wantedMs !== undefined && Number.isFinite(startMs)) change({ endsAt: toLocalText(startMs + wantedMs) })
  }
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(problems).length > 0) return
    setSaving(true)
    try {
      await chosen.client.saveSilence(silenceOf(draft))
      navigate('/alerting/silences')
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
      setSaving(false)
    }
  }
  return (
    <form className={styles.form} onSubmit={(event) => void save(event)}>
      <section className={styles.box}>
        <h2>When</h2>
        <div className={styles.times}>
          <Field label="Start" {...errorOf(shown.startsAt)}>
            <Input
              id="silence-start"
              type="datetime-local"
              step={1}
              value={draft.startsAt}
              onChange={({ currentTarget }) => change({ startsAt: currentTarget.value })}
            />
          </Field>
          <Field label="End" {...errorOf(shown.endsAt)}>
            <Input
              id="silence-end"
              type="datetime-local"
              step={1}
              value={draft.endsAt}
              onChange={({ currentTarget }) => change({ endsAt: currentTarget.value })}
            />
          </Field>
          <Field label={`Duration${length === '' ? '' : `: ${length}`}`}>
            <RadioButtonGroup options={durations} value={length} onChange={setLength} />
          </Field>
        </div>
        <h2>What</h2>
        <Field label="Matchers, all of which must hold" {...errorOf(shown.matchers)} noMargin>
          <MatcherFields matchers={draft.matchers} onChange={(matchers) => change({ matchers })} />
        </Field>
      </section>
      <SilencePreview client={chosen.client} matchers={draft.matchers} />
      <section className={styles.box}>
        <Field label="Comment" {...errorOf(shown.comment)}>
          <TextArea
            id="silence-comment"
            rows={2}
            placeholder="Why, and where to read more"
            value={draft.comment}
            onChange={({ currentTarget }) => change({ comment: currentTarget.value })}
          />
        </Field>
        <Field label="Created by" {...errorOf(shown.createdBy)} noMargin>
          <Input
            id="silence-author"
            width={40}
            value={draft.createdBy}
            onChange={({ currentTarget }) => change({ createdBy: currentTarget.value })}
          />
        </Field>
      </section>
      {failure !== '' && (
        <Alert severity="error" title="The silence was not saved">
          {failure}
        </Alert>
      )}
      <div className={styles.buttons}>
        <Button type="submit" disabled={isSaving}>
          {draft.id === undefined ? 'Create silence' : 'Save silence'}
        </Button>
        <LinkButton variant="secondary" href={`${bootData.settings.appSubUrl}/alerting/silences`}>
          Cancel
        </LinkButton>
      </div>
    </form>
  )
}

function errorOf(problem: string | undefined): { invalid?: true; error?: string } {
  return problem === undefined ? {} : { invalid: true, error: problem }
}

const getStyles = (theme: GrafanaTheme2) => ({
  form: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(2), maxWidth: 1000 }),
  box: css({
    ...boxStyle(theme),
    padding: theme.spacing(2),
    h2: { fontSize: theme.typography.h5.fontSize, margin: theme.spacing(0, 0, 1) },
  }),
  times: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(2) }),
  buttons: css({ display: 'flex', gap: theme.spacing(1) }),
})
