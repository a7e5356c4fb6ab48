/** Why nobody was signed in, for the person in front of the page; holds no secret. */
export interface SignInProblem {
  /** Also in the server's log. */
  readonly id: string
  readonly title: string
  readonly detail: string
  /** What to change, most likely first. */
  readonly remedies: readonly string[]
  readonly facts: readonly { readonly name: string; readonly value: string }[]
}
