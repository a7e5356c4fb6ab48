import type { SignInProblem } from '../../../common/sign-in.ts'

export type Explanation = Omit<SignInProblem, 'id'>

export type ProblemKind =
  | 'state_missing'
  | 'state_expired'
  | 'state_unknown'
  | 'provider_refused'
  | 'provider_unreachable'
  | 'provider_misconfigured'
  | 'client_rejected'
  | 'code_rejected'
  | 'token_rejected'
  | 'clock'
  | 'claim_missing'
  | 'role'
  | 'not_allowed'
  | 'user'
  | 'internal'

/** Nobody is signed in, and {@link explanation} tells the person why. `message` is for the log. */
export class SignInError extends Error {
  readonly kind: ProblemKind
  readonly explanation: Explanation

  constructor(
    kind: ProblemKind,
    explanation: Partial<Explanation> & { title: string; detail: string },
    cause?: unknown,
  ) {
    super(`${explanation.title}: ${explanation.detail}`, { cause })
    this.name = 'SignInError'
    this.kind = kind
    this.explanation = { remedies: [], facts: [], ...explanation }
  }
}
