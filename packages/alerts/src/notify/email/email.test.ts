import { labelsFromRecord } from '@quartet/model'
import { silentLogger } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { simpleParser } from 'mailparser'
import type { ParsedMail } from 'mailparser'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerOptions } from 'smtp-server'
import { loadConfig } from '../../config/alertmanager-config.ts'
import { fingerprintOf } from '../../storage/alert.ts'
import type { Alert } from '../../storage/alert.ts'
import { buildIntegrations } from '../integration.ts'
import { NotifyError } from '../notify-error.ts'
import type { Notification } from '../notifier.ts'
import { RECEIVER_KINDS } from '../registry.ts'
import { buildData } from '../template/build-data.ts'
import { NotificationTemplates } from '../template/notification-templates.ts'

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5)
let tls: { key: string; cert: string; certPath: string }

before(async () => {
  const directory = await temporaryDirectory()
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(directory.path, name))
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...options, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8'), certPath: cert }
})

interface Mailbox {
  readonly port: number
  readonly mails: { parsed: ParsedMail; raw: string; from: string; to: string[]; isSecure: boolean; user: unknown }[]
}

async function startSmtp(t: TestContext, options: SMTPServerOptions = {}): Promise<Mailbox> {
  const mails: Mailbox['mails'] = []
  const server = new SMTPServer({
    key: tls.key,
    cert: tls.cert,
    authOptional: true,
    allowInsecureAuth: true,
    authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5'],
    onAuth: (auth, _session, done) => {
      const isKnown =
        auth.method === 'CRAM-MD5'
          ? auth.validatePassword('right')
          : auth.username === 'me' && auth.password === 'right'
      done(isKnown ? null : new Error('Invalid username or password'), isKnown ? { user: auth.method } : undefined)
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const raw = Buffer.concat(chunks)
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          parsed: await simpleParser(raw),
          raw: raw.toString('utf8'),
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          isSecure: session.secure,
          user: session.user,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise<void>((resolve) => server.close(resolve)))
  return { port: (server.server.address() as AddressInfo).port, mails }
}

function alert(labels: Record<string, string>, annotations: Record<string, string>, endsAtMs = 0): Alert {
  const sorted = labelsFromRecord(labels)
  return {
    labels: sorted,
    annotations: labelsFromRecord(annotations),
    startsAtMs: NOW_MS - 60_000,
    endsAtMs,
    updatedAtMs: NOW_MS,
    isTimeout: false,
    generatorUrl: 'http://prom/graph?g0.expr=up&g0.tab=1',
    fingerprint: fingerprintOf(sorted),
  }
}

const FIRING = [
  alert({ alertname: 'Down', instance: 'a', severity: 'page' }, { summary: 'Köln is <down>', description: 'for 5m' }),
]

/** Sends one notification through the settings, which are keys of one entry of email_configs. */
async function send(settings: string, signal = new AbortController().signal, alerts = FIRING): Promise<void> {
  const given = Object.fromEntries(settings.split('\n').map((line) => [line.split(':')[0], true]))
  const lines = [
    ...(given['to'] ? [] : ['to: ops@example.com']),
    ...(given['from'] ? [] : ['from: Quartet <am@example.com>']),
    ...settings.split('\n'),
  ]
  const entry = lines.map((line, index) => `      ${index === 0 ? '-' : ' '} ${line}\n`).join('')
  const text = `route: {receiver: r}\nreceivers:\n  - name: r\n    email_configs:\n${entry}`
  const { config } = await loadConfig({ path: 'am.yml', text, receiverTypes: RECEIVER_KINDS })
  const integrations = buildIntegrations(config, RECEIVER_KINDS, {
    templates: new NotificationTemplates([], () => NOW_MS),
    logger: silentLogger,
    http: () => assert.fail('no HTTP here'),
  })
  const groupLabels = [['alertname', 'Down']] as const
  const notification: Notification = {
    groupKey: '{}:{alertname="Down"}',
    groupLabels,
    receiver: 'r',
    alerts,
    isFiring: true,
    data: buildData({ receiver: 'r', groupLabels, alerts, externalUrl: 'http://am', nowMs: NOW_MS }),
    nowMs: NOW_MS,
    signal,
  }
  await integrations.get('r')![0].notifier.notify(notification)
}

async function failure(sending: Promise<void>): Promise<NotifyError> {
  try {
    await sending
  } catch (error) {
    assert.ok(error instanceof NotifyError, String(error))
    return error
  }
  return assert.fail('was sent')
}

const trusted = (): string => `tls_config: {ca_file: ${JSON.stringify(tls.certPath)}}`

test('STARTTLS by default: a mail with subject, both parts and the right people', async (t) => {
  const { mails, port } = await startSmtp(t)
  await send(`smarthost: localhost:${port}\nauth_username: me\nauth_password: right\n${trusted()}`)
  const [{ from, isSecure, parsed, to, user }] = mails
  assert.equal(isSecure, true)
  assert.deepEqual([from, to, user], ['am@example.com', ['ops@example.com'], 'PLAIN'])
  assert.equal(parsed.subject, '[FIRING:1] Down (a page)')
  assert.equal(parsed.from?.text, '"Quartet" <am@example.com>')
  assert.equal(parsed.date?.getTime(), NOW_MS)
  assert.match(parsed.messageId ?? '', /^<\d+\.[0-9a-f]{16}@.+>$/)
  assert.match(parsed.text ?? '', /\* Köln is <down>\n {2}for 5m\n {2}since 2026-01-02 03:03:05 UTC/)
  assert.match(String(parsed.html), /Köln is &lt;down&gt;/)
  assert.match(String(parsed.html), /href="http:\/\/am\/#\/alerts\?receiver=r"/)
  assert.match(String(parsed.html), /href="http:\/\/prom\/graph\?g0.expr=up&amp;g0.tab=1"/)
})

test('TLS from the start, by port or by wish', async (t) => {
  const { mails, port } = await startSmtp(t, { secure: true })
  await send(`smarthost: 127.0.0.1:${port}\nforce_implicit_tls: true\n${trusted()}`)
  assert.equal(mails[0].isSecure, true)
})

test('headers are templates, one line each; threading ties the mails of a group and day', async (t) => {
  const { mails, port } = await startSmtp(t)
  const settings = `smarthost: localhost:${port}\n${trusted()}\nthreading: {enabled: true}\ntext: ''\nheaders:\n  subject: "{{ .Status }} – ü\\nBcc: evil@example.com"\n  X-Team: '{{ .GroupLabels.alertname }}'`
  await send(settings)
  await send(settings.replace('{enabled: true}', '{enabled: true, thread_by_date: none}'))
  const [{ parsed, raw }] = mails
  assert.equal(parsed.subject, 'firing – ü Bcc: evil@example.com')
  assert.equal(parsed.bcc, undefined)
  assert.equal(parsed.headers.get('x-team'), 'Down')
  assert.match(parsed.inReplyTo ?? '', /^<alert-[0-9a-f]{16}-2026-01-02@alertmanager>$/)
  assert.equal(parsed.references, parsed.inReplyTo)
  assert.match(mails[1].parsed.inReplyTo ?? '', /^<alert-[0-9a-f]{16}-@alertmanager>$/)
  assert.doesNotMatch(raw, /text\/plain/)
  assert.match(raw, /multipart\/alternative/)
})

test('takes the first mechanism of the server that it has credentials for', async (t) => {
  for (const [authMethods, settings, method] of [
    [['LOGIN'], 'auth_password: right', 'LOGIN'],
    [['CRAM-MD5', 'PLAIN'], 'auth_secret: right', 'CRAM-MD5'],
    [['CRAM-MD5', 'PLAIN'], 'auth_password: right', 'PLAIN'],
  ] as const) {
    const { mails, port } = await startSmtp(t, { authMethods: [...authMethods] })
    await send(`smarthost: localhost:${port}\n${trusted()}\nauth_username: me\n${settings}`)
    assert.equal(mails[0].user, method)
  }
})

test('a password comes from its file', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const file = join(directory.path, 'password')
  writeFileSync(file, 'right\n')
  const { mails, port } = await startSmtp(t)
  await send(`smarthost: localhost:${port}\n${trusted()}\nauth_username: me\nauth_password_file: ${file}`)
  assert.equal(mails.length, 1)
})

test('says why the server did not take the credentials, and tries again', async (t) => {
  const { port } = await startSmtp(t)
  const base = `smarthost: localhost:${port}\n${trusted()}\nauth_username: me`
  const wrong = await failure(send(`${base}\nauth_password: wrong`))
  assert.match(wrong.message, /^\*smtp\.plainAuth auth: 535 /)
  assert.equal(wrong.canRetry, true)
  assert.doesNotMatch(wrong.message, /wrong/)
  const none = await failure(send(base))
  assert.match(none.message, /^find auth mechanism: .*missing password for PLAIN auth mechanism/s)
})

test('insists on TLS', async (t) => {
  const { port } = await startSmtp(t, { disabledCommands: ['STARTTLS'] })
  const plain = await failure(send(`smarthost: localhost:${port}`))
  assert.equal(
    plain.message,
    `'require_tls' is true (default) but "localhost:${port}" does not advertise the STARTTLS extension`,
  )
  const { port: other } = await startSmtp(t)
  assert.match((await failure(send(`smarthost: localhost:${other}`))).message, /^send STARTTLS command: .*self.signed/)
})

test('sends in the clear only where that is asked for', async (t) => {
  const { mails, port } = await startSmtp(t)
  await send(`smarthost: localhost:${port}\nrequire_tls: false`)
  assert.equal(mails[0].isSecure, false)
})

test('a server that refuses sender, recipient or message: its words, and another try', async (t) => {
  const no = (text: string, responseCode: number): Error => Object.assign(new Error(text), { responseCode })
  const cases: [SMTPServerOptions, RegExp][] = [
    [{ onMailFrom: (_address, _session, done) => done(no('who are you', 550)) }, /^send MAIL command: 550 who are you/],
    [{ onRcptTo: (_address, _session, done) => done(no('no such box', 550)) }, /^send RCPT command: 550 no such box/],
    [
      { onData: (stream, _session, done) => void stream.resume().on('end', () => done(no('too full', 452))) },
      /^delivery failure: 452 too full/,
    ],
  ]
  for (const [options, pattern] of cases) {
    const { port } = await startSmtp(t, options)
    const error = await failure(send(`smarthost: localhost:${port}\n${trusted()}`))
    assert.match(error.message, pattern)
    assert.equal(error.canRetry, true)
  }
})

test('a server that is not there is named', async () => {
  const error = await failure(send('smarthost: 127.0.0.1:1'))
  assert.match(error.message, /^establish connection to server 127\.0\.0\.1:1: .*ECONNREFUSED/)
  assert.equal(error.canRetry, true)
})

test('addresses that are none are refused for good', async () => {
  for (const [settings, pattern] of [
    ['from: nobody', /^parse 'from' addresses: mail: missing '@'/],
    ['from: "a@x, b@x"', /^must be exactly one 'from' address \(got: 2\)/],
    ['to: "{{ .CommonLabels.none }}"', /^parse 'to' addresses: mail: no address/],
    ['to: "{{ .None }}"', /^execute 'to' template: template: /],
  ] as const) {
    const error = await failure(send(`${settings}\nsmarthost: 127.0.0.1:1`))
    assert.match(error.message, pattern)
    assert.equal(error.canRetry, false)
  }
})

test('a server that never answers is left when the time of the group is up', async (t) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const stop = new AbortController()
  server.once('connection', () => stop.abort(new Error('context deadline exceeded')))
  const error = await failure(send(`smarthost: 127.0.0.1:${(server.address() as AddressInfo).port}`, stop.signal))
  assert.equal(error.reason, 'contextDeadlineExceeded')
})
