/*
 * Our mails. Mail clients know neither style sheets with variables nor flex boxes: tables, and every style at its element. The one
 * style block is for those that know dark mode; the others show the light one.
 */

const INK = '#1f2933'
const DIM = '#66717d'
const LINE = '#e4e7eb'
const FIRING = '#c62828'
const RESOLVED = '#2e7d32'

const FONT = "font-family:-apple-system,'Segoe UI',Helvetica,Arial,sans-serif"

/** One alert: what it says, since when, where it comes from, its labels. */
function card(color: string, isFiring: boolean): string {
  const when = isFiring
    ? 'since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}'
    : '{{ .StartsAt.Format "2006-01-02 15:04:05" }} to {{ .EndsAt.Format "15:04:05 MST" }}'
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:0 0 14px;border:1px solid ${LINE};border-left:4px solid ${color};border-radius:6px" class="line"><tr><td style="padding:14px 16px">
<div style="font-size:16px;font-weight:600;line-height:1.35">{{ if .Annotations.summary }}{{ .Annotations.summary }}{{ else if .Annotations.message }}{{ .Annotations.message }}{{ else }}{{ .Labels.alertname }}{{ end }}</div>
{{ if .Annotations.description }}<div style="margin-top:6px;line-height:1.5;white-space:pre-line">{{ .Annotations.description }}</div>{{ end }}
<div class="dim" style="margin-top:6px;font-size:13px;color:${DIM}">${when}</div>
<div style="margin-top:10px;font-size:12px;line-height:2">{{ range .Labels.SortedPairs }}<span class="chip" style="display:inline-block;margin:0 6px 4px 0;padding:0 8px;border-radius:10px;background:#f0f3f6;font-family:Menlo,Consolas,monospace;line-height:20px;word-break:break-all">{{ .Name }}={{ .Value }}</span>{{ end }}</div>
{{ $shown := stringSlice "summary" "description" "message" "runbook_url" "dashboard_url" }}{{ range (.Annotations.Remove $shown).SortedPairs }}<div style="margin-top:6px;font-size:13px;line-height:1.5"><span class="dim" style="color:${DIM}">{{ .Name }}:</span> {{ .Value }}</div>{{ end }}
<div style="margin-top:10px;font-size:13px">{{ if .Annotations.runbook_url }}<a href="{{ .Annotations.runbook_url }}" style="color:#0b63b6;margin-right:14px">Runbook</a>{{ end }}{{ if .Annotations.dashboard_url }}<a href="{{ .Annotations.dashboard_url }}" style="color:#0b63b6;margin-right:14px">Dashboard</a>{{ end }}{{ if .GeneratorURL }}<a href="{{ .GeneratorURL }}" style="color:#0b63b6">Expression</a>{{ end }}</div>
</td></tr></table>`
}

function section(what: 'Firing' | 'Resolved', color: string): string {
  return `{{ if gt (len .Alerts.${what}) 0 }}<div style="margin:6px 0 10px;font-size:13px;font-weight:700;letter-spacing:.04em;text-transform:uppercase;color:${color}" class="${what.toLowerCase()}">{{ len .Alerts.${what} }} ${what.toLowerCase()}</div>
{{ range .Alerts.${what} }}${card(color, what === 'Firing')}
{{ end }}{{ end }}`
}

const HTML = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>{{ template "__subject" . }}</title>
<style>
@media (prefers-color-scheme: dark) {
  .back { background: #111417 !important }
  .sheet { background: #1b2026 !important; color: #e6e9ec !important; border-color: #2c333b !important }
  .line { border-top-color: #2c333b !important; border-right-color: #2c333b !important; border-bottom-color: #2c333b !important }
  .dim { color: #9aa5b1 !important }
  .chip { background: #2a313a !important; color: #e6e9ec !important }
  .firing { color: #ff8a80 !important }
  .resolved { color: #81c995 !important }
  .sheet a:not(.button) { color: #7ab8ff !important }
}
</style></head>
<body class="back" style="margin:0;padding:0;background:#f3f5f7">
<div style="display:none;max-height:0;overflow:hidden">{{ range $index, $alert := .Alerts }}{{ if lt $index 3 }}{{ $alert.Annotations.summary }} {{ end }}{{ end }}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="back" style="background:#f3f5f7"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="sheet line" style="max-width:640px;background:#ffffff;border:1px solid ${LINE};border-radius:10px;${FONT};font-size:14px;color:${INK}">
<tr><td style="padding:18px 24px;border-radius:9px 9px 0 0;color:#ffffff;background:{{ if eq .Status "firing" }}${FIRING}{{ else }}${RESOLVED}{{ end }}">
<div style="font-size:20px;font-weight:700;line-height:1.3">{{ if eq .Status "firing" }}{{ len .Alerts.Firing }} firing{{ if gt (len .Alerts.Resolved) 0 }}, {{ len .Alerts.Resolved }} resolved{{ end }}{{ else }}Resolved{{ end }}{{ if .CommonLabels.alertname }}: {{ .CommonLabels.alertname }}{{ end }}</div>
{{ if gt (len .GroupLabels) 0 }}<div style="margin-top:4px;font-size:13px;color:#ffffff">{{ range .GroupLabels.SortedPairs }}{{ .Name }}={{ .Value }} &nbsp; {{ end }}</div>{{ end }}
</td></tr>
<tr><td style="padding:20px 24px 8px">
${section('Firing', FIRING)}${section('Resolved', RESOLVED)}
<table role="presentation" cellpadding="0" cellspacing="0" style="margin:8px 0 16px"><tr><td style="border-radius:6px;background:#0b63b6"><a class="button" href="{{ template "__alertmanagerURL" . }}" style="display:inline-block;padding:10px 18px;font-weight:600;color:#ffffff;text-decoration:none">Open in {{ template "__alertmanager" . }}</a></td></tr></table>
</td></tr>
<tr><td class="dim line" style="padding:12px 24px 16px;border-top:1px solid ${LINE};font-size:12px;color:${DIM}">Sent by <a href="{{ .ExternalURL }}" style="color:#0b63b6">{{ template "__alertmanager" . }}</a> to receiver {{ .Receiver }}</td></tr>
</table></td></tr></table>
</body></html>
`

const list = (what: 'Firing' | 'Resolved', when: string): string =>
  `{{ if gt (len .Alerts.${what}) 0 }}{{ len .Alerts.${what} }} ${what.toLowerCase()}

{{ range .Alerts.${what} }}* {{ if .Annotations.summary }}{{ .Annotations.summary }}{{ else }}{{ .Labels.alertname }}{{ end }}
{{ if .Annotations.description }}  {{ .Annotations.description }}
{{ end }}  ${when}
{{ range .Labels.SortedPairs }}  {{ .Name }}={{ .Value }}
{{ end }}{{ if .Annotations.runbook_url }}  Runbook: {{ .Annotations.runbook_url }}
{{ end }}{{ if .GeneratorURL }}  Expression: {{ .GeneratorURL }}
{{ end }}
{{ end }}{{ end }}`

const TEXT =
  '{{ template "__subject" . }}\n\n' +
  list('Firing', 'since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}') +
  list('Resolved', 'from {{ .StartsAt.Format "2006-01-02 15:04:05" }} to {{ .EndsAt.Format "15:04:05 MST" }}') +
  '{{ template "__alertmanager" . }}: {{ template "__alertmanagerURL" . }}\n'

/** `email.default.text` is ours: upstream has none. */
export const EMAIL_TEMPLATES: string = `
{{ define "email.default.html" }}${HTML}{{ end }}
{{ define "email.default.text" }}${TEXT}{{ end }}`
