import type { ReceiverKind } from './notifier.ts'
import { discord } from './receivers/discord.ts'
import { email } from './receivers/email.ts'
import { incidentio } from './receivers/incidentio.ts'
import { jira } from './receivers/jira.ts'
import { mattermost } from './receivers/mattermost.ts'
import { msteams } from './receivers/msteams.ts'
import { msteamsv2 } from './receivers/msteamsv2.ts'
import { opsgenie } from './receivers/opsgenie.ts'
import { pagerduty } from './receivers/pagerduty.ts'
import { pushover } from './receivers/pushover.ts'
import { rocketchat } from './receivers/rocketchat.ts'
import { slack } from './receivers/slack.ts'
import { sns } from './receivers/sns.ts'
import { telegram } from './receivers/telegram.ts'
import { victorops } from './receivers/victorops.ts'
import { webex } from './receivers/webex.ts'
import { webhook } from './receivers/webhook.ts'
import { wechat } from './receivers/wechat.ts'

/** Every kind of receiver, in the order in which upstream prints them. */
export const RECEIVER_KINDS: readonly ReceiverKind[] = [
  discord,
  email,
  incidentio,
  pagerduty,
  slack,
  webhook,
  opsgenie,
  wechat,
  pushover,
  victorops,
  sns,
  telegram,
  webex,
  msteams,
  msteamsv2,
  jira,
  rocketchat,
  mattermost,
]
