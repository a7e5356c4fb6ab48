import type { MailboxAddress } from 'nodemailer/lib/addressparser'

export interface Mailbox {
  readonly name: string
  readonly address: string
}

/** `a@example.com, Ops <ops@example.com>`; throws with what is wrong, as Go's mail.ParseAddressList would. */
export async function parseAddresses(text: string): Promise<readonly Mailbox[]> {
  const { default: parse } = await import('nodemailer/lib/addressparser')
  const found: readonly MailboxAddress[] = parse(text, { flatten: true })
  if (found.length === 0) throw new Error('mail: no address')
  return found.map(({ address, name }) => {
    // A line break would begin another command of the SMTP dialogue.
    // oxlint-disable-next-line no-control-regex
    if (!/^[^\s@<>"\u0000-\u001f]+@[^\s@<>\u0000-\u001f]+$/.test(address ?? '')) {
      throw new Error(`mail: missing '@' or angle-addr in ${JSON.stringify(address || name || text)}`)
    }
    return { name: name ?? '', address: address! }
  })
}
