/** What tests need of a running platform, in one process or in many: the usual ports, wherever they are. */
export interface Platform {
  url(port: number, path?: string): string
  /** @throws when the answer is not a success, with its body */
  get<T>(port: number, path: string, init?: RequestInit): Promise<T>
}
