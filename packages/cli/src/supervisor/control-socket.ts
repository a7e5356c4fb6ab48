import type { Logger } from '@quartet/runtime'
import { chmod, open, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { join, relative, resolve } from 'node:path'
import type { TakenSnapshot } from './supervisor.ts'

const FILE = 'quartet.sock'
/** The kernel's bound for a socket's path, with the zero at its end. */
const MAX_PATH_BYTES = 107
const MAX_LINE_BYTES = 1 << 20
/** Taking a snapshot is hard links and a copy of what grows: minutes mean that something is stuck. */
const ANSWER_TIMEOUT_MS = 10 * 60_000

/** What can be asked over the socket. */
export interface Controlled {
  takeSnapshots(id: string): Promise<readonly TakenSnapshot[]>
  removeSnapshots(id: string): Promise<void>
}

type Answer = { readonly snapshots: readonly TakenSnapshot[] } | { readonly error: string }

/**
 * Lets other processes of the same user ask the Quartet on a data directory for a snapshot. One connection is one snapshot: it is
 * taken when the line `snapshot <ULID>` arrives and removed when the connection ends, however it ends.
 * @pre the caller holds the data directory's lock, so a socket that is there already is a dead one's
 */
export async function serveControlSocket(options: {
  readonly dataDirectory: string
  readonly controlled: Controlled
  readonly logger: Logger
}): Promise<{ close(): Promise<void> }> {
  const { dataDirectory, controlled, logger } = options
  const path = join(dataDirectory, FILE)
  await rm(path, { force: true })
  const sockets = new Set<Socket>()
  const removals = new Set<Promise<void>>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let taking: Promise<void> | undefined
    let id = ''
    socket.on('error', (error) => logger.debug({ err: error }, 'a control connection broke'))
    socket.on('close', () => {
      sockets.delete(socket)
      if (!taking) return
      const removal = taking.then(() => controlled.removeSnapshots(id)).finally(() => removals.delete(removal))
      removals.add(removal)
    })
    readLines(socket, (line) => {
      const asked = /^snapshot ([0-9A-Z]{26})$/.exec(line)
      if (!asked || taking) return reply(socket, { error: `cannot do "${line.slice(0, 100)}"` })
      id = asked[1]!
      taking = controlled.takeSnapshots(id).then(
        (snapshots) => reply(socket, { snapshots: snapshots.map((taken) => relativeTo(dataDirectory, taken)) }),
        (error: unknown) => reply(socket, { error: error instanceof Error ? error.message : String(error) }),
      )
    })
  })
  await withShortPath(dataDirectory, async (short) => {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(short, resolve))
  })
  server.unref()
  await chmod(path, 0o600)
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
      await Promise.all(removals)
      await rm(path, { force: true })
    },
  }
}

/** Snapshots of a running Quartet, which stay until {@link release}. */
export interface HeldSnapshots {
  readonly snapshots: readonly TakenSnapshot[]
  release(): Promise<void>
}

/**
 * @param id a new ULID
 * @returns `undefined` when no Quartet runs on the data directory, as far as its socket tells
 * @throws Error when it cannot take one
 */
export async function requestSnapshots(dataDirectory: string, id: string): Promise<HeldSnapshots | undefined> {
  const socket = await connect(dataDirectory)
  if (!socket) return undefined
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('the running Quartet does not answer')))
  let answer: Answer
  try {
    answer = await ask(socket, `snapshot ${id}`)
  } catch (error) {
    socket.destroy()
    throw error
  }
  socket.setTimeout(0)
  if ('error' in answer) {
    socket.destroy()
    throw new Error(answer.error)
  }
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  // Whether it breaks while the snapshot is read shows when a file is gone.
  socket.on('error', () => socket.destroy())
  return {
    snapshots: answer.snapshots.map((taken) => ({ ...taken, directory: resolve(dataDirectory, taken.directory) })),
    release() {
      socket.end()
      return closed
    },
  }
}

/** Whether a Quartet answers on the data directory's socket, also one whose process cannot be seen from here. */
export async function isControlled(dataDirectory: string): Promise<boolean> {
  const socket = await connect(dataDirectory)
  socket?.destroy()
  return socket !== undefined
}

async function connect(dataDirectory: string): Promise<Socket | undefined> {
  try {
    return await withShortPath(dataDirectory, async (path) => {
      const socket = createConnection(path)
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
      socket.removeAllListeners('error')
      return socket
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    throw error
  }
}

function ask(socket: Socket, line: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the running Quartet ended the connection without an answer')))
    readLines(socket, (text) => resolve(JSON.parse(text) as Answer))
    socket.write(line + '\n')
  })
}

/** Whoever asks may see the data directory under another name: another container with the same volume does. */
function relativeTo(dataDirectory: string, taken: TakenSnapshot): TakenSnapshot {
  const path = relative(dataDirectory, taken.directory)
  return path.startsWith('..') ? taken : { ...taken, directory: path }
}

function reply(socket: Socket, answer: Answer): void {
  if (socket.writable) socket.write(JSON.stringify(answer) + '\n')
}

function readLines(socket: Socket, onLine: (line: string) => void): void {
  let pending = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    pending += chunk
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end)
      pending = pending.slice(end + 1)
      onLine(line)
    }
    if (pending.length > MAX_LINE_BYTES) socket.destroy(new Error('a line is too long'))
  })
}

/** A socket's path may be 107 bytes long; through the directory's descriptor it always is short. */
async function withShortPath<T>(directory: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(directory, FILE)
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return use(path)
  const handle = await open(directory, 'r')
  try {
    return await use(`/proc/self/fd/${handle.fd}/${FILE}`)
  } finally {
    await handle.close()
  }
}
