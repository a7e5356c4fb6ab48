import { EMAIL_TEMPLATES } from './email-templates.ts'

/*
 * The default messages, under the names that upstream gives them, so that people can use or replace each. Subjects and lists
 * have upstream's form, because inbox rules and incident titles build on them.
 */

const LISTS = `
{{ define "__alertmanager" }}Alertmanager{{ end }}
{{ define "__alertmanagerURL" }}{{ .ExternalURL }}/#/alerts?receiver={{ urlquery .Receiver }}{{ end }}
{{ define "__subject" }}[{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}] {{ join " " .GroupLabels.SortedPairs.Values }} {{ if gt (len .CommonLabels) (len .GroupLabels) }}({{ join " " (.CommonLabels.Remove .GroupLabels.Names).Values }}){{ end }}{{ end }}
{{ define "__description" }}{{ end }}
{{ define "__text_alert_list" }}{{ range . }}Labels:
{{ range .Labels.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}Annotations:
{{ range .Annotations.SortedPairs }} - {{ .Name }} = {{ .Value }}
{{ end }}Source: {{ .GeneratorURL }}
{{ end }}{{ end }}
{{ define "__text_alert_list_markdown" }}{{ range . }}
Labels:
{{ range .Labels.SortedPairs }}  - {{ .Name }} = {{ .Value }}
{{ end }}
Annotations:
{{ range .Annotations.SortedPairs }}  - {{ .Name }} = {{ .Value }}
{{ end }}
Source: {{ .GeneratorURL }}
{{ end }}
{{ end }}`

/** A message with a list of what fires and one of what is resolved. */
function lists(options: { heading?: string; list?: string; summary?: boolean } = {}): string {
  const { heading = '', list = '__text_alert_list', summary = false } = options
  const part = (what: string): string =>
    `{{ if gt (len .Alerts.${what}) 0 }}\n${heading}Alerts ${what}:\n{{ template "${list}" .Alerts.${what} }}\n{{ end }}\n`
  return (summary ? '{{ join " " .CommonAnnotations.SortedPairs.Values }}\n' : '\n') + part('Firing') + part('Resolved')
}

const MARKDOWN = { heading: '# ', list: '__text_alert_list_markdown' }
const SUBJECT = '{{ template "__subject" . }}'
const LINK = '{{ template "__alertmanagerURL" . }}'
const NAME = '{{ template "__alertmanager" . }}'

const MESSAGES: Readonly<Record<string, string>> = {
  'slack.default.title': SUBJECT,
  'slack.default.username': NAME,
  'slack.default.fallback': '{{ template "slack.default.title" . }} | {{ template "slack.default.titlelink" . }}',
  'slack.default.callbackid': '',
  'slack.default.pretext': '',
  'slack.default.titlelink': LINK,
  'slack.default.iconemoji': '',
  'slack.default.iconurl': '',
  'slack.default.text': '',
  'slack.default.footer': '',
  'pagerduty.default.description': SUBJECT,
  'pagerduty.default.client': NAME,
  'pagerduty.default.clientURL': LINK,
  'pagerduty.default.instances': '{{ template "__text_alert_list" . }}',
  'opsgenie.default.message': SUBJECT,
  'opsgenie.default.description': lists({ summary: true }),
  'opsgenie.default.source': LINK,
  'wechat.default.message': `${SUBJECT}\n${lists({ summary: true })}AlertmanagerUrl:\n${LINK}`,
  'wechat.default.to_user': '',
  'wechat.default.to_party': '',
  'wechat.default.to_tag': '',
  'wechat.default.agent_id': '',
  'victorops.default.state_message': lists({ summary: true }),
  'victorops.default.entity_display_name': SUBJECT,
  'victorops.default.monitoring_tool': NAME,
  'pushover.default.title': SUBJECT,
  'pushover.default.message': lists({ summary: true }),
  'pushover.default.url': LINK,
  'sns.default.subject': SUBJECT,
  'sns.default.message': lists({ summary: true }),
  'telegram.default.message': lists(),
  'discord.default.content': '',
  'discord.default.title': SUBJECT,
  'discord.default.message': lists(),
  'webex.default.message': lists({ summary: true }),
  'msteams.default.summary': SUBJECT,
  'msteams.default.title': SUBJECT,
  'msteams.default.text': lists(MARKDOWN),
  'msteamsv2.default.title': SUBJECT,
  'msteamsv2.default.text': lists(MARKDOWN),
  'jira.default.summary': SUBJECT,
  'jira.default.description': lists(MARKDOWN),
  'jira.default.priority':
    '{{ $found := .Alerts.Firing }}{{ if eq (len $found) 0 }}{{ $found = .Alerts.Resolved }}{{ end }}{{ $priority := "" }}{{ range $found }}{{ $severity := .Labels.severity }}{{ if eq $severity "critical" }}{{ $priority = "High" }}{{ else if and (eq $severity "warning") (ne $priority "High") }}{{ $priority = "Medium" }}{{ else if and (eq $severity "info") (eq $priority "") }}{{ $priority = "Low" }}{{ end }}{{ end }}{{ $priority }}',
  'rocketchat.default.title': SUBJECT,
  'rocketchat.default.alias': NAME,
  'rocketchat.default.titlelink': LINK,
  'rocketchat.default.emoji': '',
  'rocketchat.default.iconurl': '',
  'rocketchat.default.text': '',
  'mattermost.default.text': lists(MARKDOWN),
  'email.default.subject': SUBJECT,
}

/** All definitions as one template text. */
export const DEFAULT_TEMPLATES: string =
  LISTS +
  EMAIL_TEMPLATES +
  Object.entries(MESSAGES)
    .map(([name, text]) => `\n{{ define "${name}" }}${text}{{ end }}`)
    .join('')
