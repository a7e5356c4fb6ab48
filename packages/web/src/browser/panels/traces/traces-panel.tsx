import { PanelPlugin, type PanelProps } from '@grafana/data'
import { useMemo, type ReactNode } from 'react'
import { traceOf } from '../../traces/trace.ts'
import { TraceView } from '../../traces/trace-view.tsx'
import { PanelMessage } from '../common/panel-message.tsx'

function TracesPanel({ data, height, timeZone }: PanelProps<object>): ReactNode {
  const frame = data.series.find(({ fields }) => fields.some(({ name }) => name === 'spanID'))
  const trace = useMemo(() => (frame ? traceOf(frame) : undefined), [frame])
  if (!trace) return <PanelMessage data={data} />
  return (
    <div style={{ height, overflow: 'auto' }}>
      <TraceView trace={trace} timeZone={timeZone} />
    </div>
  )
}

export const plugin = new PanelPlugin<object>(TracesPanel).setNoPadding()
