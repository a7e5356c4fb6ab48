import { readFile, rename, writeFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/** How far a file has been read. `inode` tells a rotated file from the one that was read. */
export interface Position {
  readonly path: string
  readonly labels: string
  readonly offset: number
  readonly inode: number
}

/** Remembers positions over restarts: one JSON file, replaced as a whole. */
export class Positions {
  readonly #path: string
  readonly #byKey = new Map<string, Position>()
  #isDirty = false
  #saving: Promise<void> = Promise.resolve()

  private constructor(path: string) {
    this.#path = path
  }

  /** @param onDamage told when the file cannot be understood; reading then starts anew and the file is kept beside */
  static async open(path: string, onDamage: (message: string) => void): Promise<Positions> {
    const positions = new Positions(path)
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return positions
      throw error
    }
    try {
      for (const position of JSON.parse(text).positions as Position[]) positions.#byKey.set(keyOf(position), position)
    } catch (error) {
      await rename(path, `${path}.corrupt`)
      onDamage(`positions file ${path} is damaged and was set aside: ${(error as Error).message}`)
    }
    return positions
  }

  get(path: string, labels: string): Position | undefined {
    return this.#byKey.get(keyOf({ path, labels }))
  }

  set(position: Position): void {
    this.#byKey.set(keyOf(position), position)
    this.#isDirty = true
  }

  delete(path: string, labels: string): void {
    if (this.#byKey.delete(keyOf({ path, labels }))) this.#isDirty = true
  }

  /** Writes what changed since the last time; calls queue up behind each other. */
  save(): Promise<void> {
    const saving = this.#saving.then(() => this.#write())
    this.#saving = saving.catch(() => undefined) // the caller has it
    return saving
  }

  async #write(): Promise<void> {
    if (!this.#isDirty) return
    this.#isDirty = false
    try {
      await mkdir(dirname(this.#path), { recursive: true })
      const text = JSON.stringify({ version: 1, positions: [...this.#byKey.values()] }, undefined, 1)
      await writeFile(`${this.#path}.tmp`, text, { mode: 0o600, flush: true })
      await rename(`${this.#path}.tmp`, this.#path)
    } catch (error) {
      this.#isDirty = true
      throw error
    }
  }
}

function keyOf({ path, labels }: { path: string; labels: string }): string {
  return `${path}\xff${labels}`
}
