import type { Clock } from '@quartet/runtime'
import { createHash, randomBytes } from 'node:crypto'
import type { SealedText } from '../../storage/sealed-text.ts'

/** One sign-in that is on its way through the provider. */
export interface Flow {
  readonly state: string
  readonly nonce: string
  /** PKCE; only its hash goes through the browser's address bar. */
  readonly verifier: string
  /** Path to go to afterwards. */
  readonly redirectTo: string
  readonly startedMs: number
  /** The administrator who tries out the settings; nobody is signed in then. */
  readonly testedBy?: number
}

export type FoundFlow =
  | { readonly kind: 'found'; readonly flow: Flow; readonly rest: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'expired'; readonly ageMs: number }

/** Tabs that sign in at once; the cookie must stay well below 4 KiB. */
const MAX_FLOWS = 5

/**
 * State, nonce and PKCE verifier of sign-ins that have begun, in a sealed cookie: they are bound to the browser, survive a restart,
 * and nobody can fill the server's memory by beginning sign-ins.
 */
export class Flows {
  readonly #sealed: SealedText
  readonly #clock: Clock
  readonly #maxAgeMs: number

  constructor(options: { sealed: SealedText; clock: Clock; maxAgeMs: number }) {
    this.#sealed = options.sealed
    this.#clock = options.clock
    this.#maxAgeMs = options.maxAgeMs
  }

  get maxAgeMs(): number {
    return this.#maxAgeMs
  }

  /** @param cookie what the browser has already; its other sign-ins go on */
  begin(
    cookie: string | undefined,
    options: { redirectTo: string; testedBy?: number },
  ): { flow: Flow; cookie: string } {
    const flow: Flow = {
      state: random(),
      nonce: random(),
      verifier: random(),
      startedMs: this.#clock.nowMs(),
      ...options,
    }
    const others = this.#read(cookie).filter((other) => this.#ageMs(other) <= this.#maxAgeMs)
    return { flow, cookie: this.#sealed.seal(JSON.stringify([...others, flow].slice(-MAX_FLOWS))) }
  }

  /** @returns the sign-in that `state` belongs to, and the cookie without it: an answer counts once */
  take(cookie: string | undefined, state: string): FoundFlow {
    if (cookie === undefined || cookie === '') return { kind: 'missing' }
    const flows = this.#read(cookie)
    const flow = flows.find((candidate) => isSame(candidate.state, state))
    if (!flow) return { kind: 'unknown' }
    const ageMs = this.#ageMs(flow)
    // A clock that was set back makes it as doubtful as one that has run out.
    if (ageMs > this.#maxAgeMs || ageMs < -this.#maxAgeMs) return { kind: 'expired', ageMs }
    const others = flows.filter((other) => other !== flow)
    return { kind: 'found', flow, rest: others.length === 0 ? '' : this.#sealed.seal(JSON.stringify(others)) }
  }

  #read(cookie: string | undefined): Flow[] {
    const text = cookie === undefined ? undefined : this.#sealed.open(cookie)
    // Sealed by this server, so the form is right.
    return text === undefined ? [] : (JSON.parse(text) as Flow[])
  }

  #ageMs(flow: Flow): number {
    return this.#clock.nowMs() - flow.startedMs
  }
}

/** 256 bits, base64url: also what RFC 7636 wants of a verifier. */
function random(): string {
  return randomBytes(32).toString('base64url')
}

/** Compares hashes, so that the time tells nothing about where two texts differ. */
function isSame(left: string, right: string): boolean {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  return hash(left) === hash(right)
}
