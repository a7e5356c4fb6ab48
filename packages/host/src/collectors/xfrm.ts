import type { Collector } from './collector.ts'
import { fields } from './host-files.ts'

/** Upstream's words per counter of /proc/net/xfrm_stat. */
const HELP: Readonly<Record<string, string>> = {
  XfrmAcquireError: 'State hasn’t been fully acquired before use',
  XfrmFwdHdrError: 'Forward routing of a packet is not allowed',
  XfrmInBufferError: 'No buffer is left',
  XfrmInError: 'All errors not matched by other',
  XfrmInHdrError: 'Header error',
  XfrmInNoPols: 'No policy is found for states e.g. Inbound SAs are correct but no SP is found',
  XfrmInNoStates: 'No state is found i.e. Either inbound SPI, address, or IPsec protocol at SA is wrong',
  XfrmInPolBlock: 'Policy discards',
  XfrmInPolError: 'Policy error',
  XfrmInStateExpired: 'State is expired',
  XfrmInStateInvalid: 'State is invalid',
  XfrmInStateMismatch: 'State has mismatch option e.g. UDP encapsulation type is mismatch',
  XfrmInStateModeError: 'Transformation mode specific error',
  XfrmInStateProtoError: 'Transformation protocol specific error e.g. SA key is wrong',
  XfrmInStateSeqError: 'Sequence error i.e. Sequence number is out of window',
  XfrmInTmplMismatch: 'No matching template for states e.g. Inbound SAs are correct but SP rule is wrong',
  XfrmOutBundleCheckError: 'Bundle check error',
  XfrmOutBundleGenError: 'Bundle generation error',
  XfrmOutError: 'All errors which is not matched others',
  XfrmOutNoStates: 'No state is found',
  XfrmOutPolBlock: 'Policy discards',
  XfrmOutPolDead: 'Policy is dead',
  XfrmOutPolError: 'Policy error',
  XfrmOutStateExpired: 'State is expired',
  XfrmOutStateInvalid: 'State is invalid, perhaps expired',
  XfrmOutStateModeError: 'Transformation mode specific error',
  XfrmOutStateProtoError: 'Transformation protocol specific error',
  XfrmOutStateSeqError: 'Sequence error i.e. Sequence number overflow',
}

export const xfrm: Collector = {
  name: 'xfrm',
  isOnByDefault: false,
  collect({ files, page }) {
    for (const line of files.lines(files.proc('net/xfrm_stat'))) {
      const [key = '', value] = fields(line)
      const help = HELP[key]
      if (help === undefined) continue
      const name = key.slice('Xfrm'.length).replace(/(?!^)[A-Z]/g, '_$&')
      page.counter(`node_xfrm_${name.toLowerCase()}_packets_total`, help, Number(value))
    }
  },
}
