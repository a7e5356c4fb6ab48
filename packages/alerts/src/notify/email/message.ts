/** The parts of a mail, expanded already. */
export interface MailParts {
  /** In order; names as they are written. */
  readonly headers: readonly (readonly [string, string])[]
  readonly messageId: string
  /** References and In-Reply-To, when the mail belongs to a thread. */
  readonly threadId: string | undefined
  readonly dateMs: number
  /** `''` leaves the part out. */
  readonly text: string
  readonly html: string
}

/** Builds a `multipart/alternative` mail, the preferred part last (RFC 2046 §5.1.4). Line breaks cannot leave a header. */
export async function buildMail(parts: MailParts): Promise<Buffer> {
  const { default: MimeNode } = await import('nodemailer/lib/mime-node')
  const root = new MimeNode('multipart/alternative')
  const own = new Set<string>()
  for (const [name, value] of parts.headers) {
    own.add(name.toLowerCase())
    root.addHeader(name, value.replace(/[\r\n]+/g, ' '))
  }
  if (!own.has('message-id')) root.addHeader('Message-Id', parts.messageId)
  if (!own.has('date')) root.addHeader('Date', new Date(parts.dateMs).toUTCString().replace(/GMT/, '+0000'))
  if (parts.threadId !== undefined) {
    root.addHeader('References', parts.threadId)
    root.addHeader('In-Reply-To', parts.threadId)
  }
  // What answers by itself (holiday notices) should not answer to an alert.
  if (!own.has('auto-submitted')) root.addHeader('Auto-Submitted', 'auto-generated')
  for (const [type, content] of [
    ['text/plain', parts.text],
    ['text/html', parts.html],
  ] as const) {
    if (content === '') continue
    root
      .createChild(`${type}; charset=utf-8`)
      .setHeader('Content-Transfer-Encoding', 'quoted-printable')
      .setContent(content)
  }
  return root.build()
}
