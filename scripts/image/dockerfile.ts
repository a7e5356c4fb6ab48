/** What {@link parseDockerfile} understands of a Dockerfile; anything else is an error, never passed over. */
export type Instruction = { readonly line: number } & (
  | ({ readonly kind: 'copy'; readonly from: string | undefined; readonly owner: string | undefined } & Paths)
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'env' | 'label'; readonly values: ReadonlyMap<string, string> }
  | { readonly kind: 'workdir' | 'user' | 'stopsignal'; readonly value: string }
  | { readonly kind: 'expose'; readonly ports: readonly number[] }
  | { readonly kind: 'healthcheck' | 'entrypoint' | 'cmd'; readonly command: readonly string[] }
)

interface Paths {
  readonly sources: readonly string[]
  readonly target: string
}

export interface Stage {
  readonly name: string
  /** An image, or the name of an earlier stage. */
  readonly base: string
  readonly instructions: readonly Instruction[]
}

/** @throws Error with the line */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = []
  for (const { line, text: source } of logicalLines(text)) {
    const [, word = '', rest = ''] = /^(\w+)\s+([\s\S]*)$/.exec(source) ?? []
    const keyword = word.toUpperCase()
    if (keyword === 'FROM') {
      const match = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest)
      if (!match) throw new Error(`Dockerfile:${line}: FROM is an image and perhaps AS a name`)
      stages.push({ name: match[2] ?? String(stages.length), base: match[1]!, instructions: [] })
      continue
    }
    const stage = stages.at(-1)
    if (!stage) throw new Error(`Dockerfile:${line}: ${keyword} before FROM`)
    stage.instructions.push(readInstruction(keyword, rest, line))
  }
  return stages
}

function readInstruction(keyword: string, rest: string, line: number): Instruction {
  switch (keyword) {
    case 'COPY':
      return { kind: 'copy', line, ...readCopy(rest, line) }
    case 'RUN':
      return { kind: 'run', line, command: rest }
    case 'ENV':
      return { kind: 'env', line, values: readPairs(rest, line) }
    case 'LABEL':
      return { kind: 'label', line, values: readPairs(rest, line) }
    case 'WORKDIR':
      return { kind: 'workdir', line, value: rest }
    case 'USER':
      return { kind: 'user', line, value: rest }
    case 'STOPSIGNAL':
      return { kind: 'stopsignal', line, value: rest }
    case 'EXPOSE':
      return { kind: 'expose', line, ports: rest.split(/\s+/).map(Number) }
    case 'ENTRYPOINT':
      return { kind: 'entrypoint', line, command: readList(rest, line) }
    case 'CMD':
      return { kind: 'cmd', line, command: readList(rest, line) }
    case 'HEALTHCHECK':
      return { kind: 'healthcheck', line, command: readList(rest.replace(/^(--\S+\s+)*CMD\s+/, ''), line) }
    default:
      throw new Error(`Dockerfile:${line}: ${keyword} is not understood here`)
  }
}

function readCopy(rest: string, line: number): Omit<Extract<Instruction, { kind: 'copy' }>, 'kind' | 'line'> {
  const words = rest.split(/\s+/)
  let from: string | undefined
  let owner: string | undefined
  while (words[0]?.startsWith('--')) {
    const [name, value] = words.shift()!.split('=')
    if (name === '--from') from = value
    else if (name === '--chown') owner = value
    else throw new Error(`Dockerfile:${line}: COPY ${name} is not understood here`)
  }
  const target = words.pop()
  if (target === undefined || words.length === 0) throw new Error(`Dockerfile:${line}: COPY needs sources and a target`)
  return { from, owner, sources: words, target }
}

function readPairs(rest: string, line: number): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const match of rest.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S*))/g)) pairs.set(match[1]!, match[2] ?? match[3] ?? '')
  if (pairs.size === 0) throw new Error(`Dockerfile:${line}: "${rest}" is not NAME=value`)
  return pairs
}

function readList(rest: string, line: number): readonly string[] {
  try {
    const value: unknown = JSON.parse(rest)
    if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value
  } catch {
    // Told below, with the line.
  }
  throw new Error(`Dockerfile:${line}: a command is a list of strings; the image has no shell`)
}

/** Joined at backslashes, without comments and empty lines. */
function logicalLines(text: string): { line: number; text: string }[] {
  const joined: { line: number; text: string }[] = []
  let pending: { line: number; text: string } | undefined
  text.split('\n').forEach((source, index) => {
    if (/^\s*(#|$)/.test(source)) return
    const isContinued = source.trimEnd().endsWith('\\')
    const part = source.trim().replace(/\\$/, '').trim()
    pending = pending ? { ...pending, text: `${pending.text} ${part}` } : { line: index + 1, text: part }
    if (isContinued) return
    joined.push(pending)
    pending = undefined
  })
  return joined
}
