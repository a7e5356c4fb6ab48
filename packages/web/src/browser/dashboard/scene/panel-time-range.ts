import { dateMath, getDefaultTimeRange, rangeUtil, type TimeRange } from '@grafana/data'
import { sceneGraph, SceneTimeRangeTransformerBase, type SceneTimeRangeState } from '@grafana/scenes'

interface PanelTimeRangeState extends SceneTimeRangeState {
  readonly timeFrom?: string | undefined
  readonly timeShift?: string | undefined
}

/** A panel's own time: the last `timeFrom` up to the dashboard's end, moved into the past by `timeShift`. */
export class PanelTimeRange extends SceneTimeRangeTransformerBase<PanelTimeRangeState> {
  constructor(state: { timeFrom?: string | undefined; timeShift?: string | undefined }) {
    super({ ...state, from: 'now-6h', to: 'now', value: getDefaultTimeRange() })
    this.addActivationHandler(() => this.#update(this.getAncestorTimeRange().state.value))
  }

  protected override ancestorTimeRangeChanged(timeRange: SceneTimeRangeState): void {
    this.#update(timeRange.value)
  }

  override onTimeRangeChange(timeRange: TimeRange): void {
    this.getAncestorTimeRange().onTimeRangeChange(timeRange)
  }

  #update(parent: TimeRange): void {
    const value = this.#shifted(this.#own(parent))
    this.setState({ value, from: value.raw.from.toString(), to: value.raw.to.toString() })
  }

  #own(parent: TimeRange): TimeRange {
    const timeFrom = sceneGraph.interpolate(this, this.state.timeFrom)
    if (timeFrom === '') return parent
    const info = rangeUtil.describeTextRange(timeFrom)
    if (info.invalid) return parent
    const from = dateMath.toDateTime(info.from, {})
    const to = dateMath.toDateTime(info.to, {})
    return from && to ? { from, to, raw: { from: info.from, to: info.to } } : parent
  }

  #shifted(range: TimeRange): TimeRange {
    const timeShift = sceneGraph.interpolate(this, this.state.timeShift)
    if (timeShift === '' || rangeUtil.describeTextRange(timeShift).invalid) return range
    const from = dateMath.parseDateMath(`-${timeShift}`, range.from)
    const to = dateMath.parseDateMath(`-${timeShift}`, range.to)
    return from && to ? { from, to, raw: { from, to } } : range
  }
}
