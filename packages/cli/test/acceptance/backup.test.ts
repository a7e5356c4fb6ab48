import assert from 'node:assert/strict'
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { lockDataDirectory } from '../../src/data-lock.ts'
import { run } from '../../src/run.ts'
import { serveControlSocket } from '../../src/supervisor/control-socket.ts'
import { silentLogger } from '@quartet/runtime'
import { addBlock, appendWal, contentsOf, makeData } from '../support/data-directory.ts'

interface World {
  readonly data: string
  readonly target: string
  readonly fresh: string
  /** Runs `quartet …`. */
  readonly quartet: (...args: string[]) => Promise<{ code: number; out: string; errors: string }>
}

async function setUp(context: TestContext): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), 'quartet-backup-'))
  context.after(() => rm(root, { recursive: true }))
  const data = join(root, 'data')
  await makeData(data)
  const quartet: World['quartet'] = async (...args) => {
    const out: string[] = []
    const errors: string[] = []
    const options = { print: (line: string) => out.push(line), printError: (line: string) => errors.push(line) }
    const code = await run({ args, cacheDirectory: join(root, 'cache'), ...options })
    return { code, out: out.join('\n'), errors: errors.join('\n') }
  }
  return { data, target: join(root, 'target'), fresh: join(root, 'fresh'), quartet }
}

async function objectsOf(target: string): Promise<string[]> {
  const names = await readdir(join(target, 'objects'), { recursive: true })
  return names.filter((name) => name.includes('/')).map((name) => join(target, 'objects', name))
}

test('what was backed up is what is restored, byte for byte', async (context) => {
  const { data, target, fresh, quartet } = await setUp(context)
  const before = await contentsOf(data)
  const made = await quartet('backup', target, '--data', data)
  assert.equal(made.code, 0, made.errors)
  assert.match(made.out, /^prometheus \(not running\): .* in \d+ files; new /m)
  assert.match(made.out, /^backup \d{8}T\d{9}Z-\w+ is whole in /m)
  const verified = await quartet('verify', target)
  assert.equal(verified.code, 0, verified.errors)
  assert.match(verified.out, /nothing is wrong: .* 6 blocks/)
  const restored = await quartet('restore', target, '--data', fresh)
  assert.equal(restored.code, 0, restored.errors)
  assert.deepEqual(await contentsOf(fresh), before)
  assert.deepEqual(await contentsOf(data), before)
})

test('a second backup copies only what is new', async (context) => {
  const { data, target, quartet } = await setUp(context)
  await quartet('backup', target, '--data', data)
  const before = (await objectsOf(target)).length
  await addBlock(join(data, 'loki', 'blocks'), Buffer.alloc(5000, 'x'), 9)
  const second = await quartet('backup', target, '--data', data)
  assert.match(second.out, /^prometheus .*new 0 B in 0$/m)
  assert.match(second.out, /^loki .*new .* in 2$/m)
  assert.equal((await objectsOf(target)).length, before + 2)
  const list = await quartet('backup', 'list', target)
  assert.equal(list.out.split('\n').length, 2)
  assert.match(list.out, /in \d+ files {2}quartet \d.* alloy, grafana, loki, prometheus/)
})

test('an older backup is restored by its id, and one system alone', async (context) => {
  const { data, target, fresh, quartet } = await setUp(context)
  const before = await contentsOf(data)
  const first = await quartet('backup', target, '--data', data)
  const id = /backup (\S+) is whole/.exec(first.out)![1]!
  await appendWal(join(data, 'prometheus', 'wal'), Buffer.alloc(3000))
  await quartet('backup', target, '--data', data)
  await quartet('restore', target, '--data', fresh, '--id', id, '--only', 'prometheus')
  const expected = Object.fromEntries(Object.entries(before).filter(([path]) => path.startsWith('prometheus/')))
  assert.deepEqual(await contentsOf(fresh), expected)
  const unknown = await quartet('restore', target, '--data', `${fresh}2`, '--only', 'tempo')
  assert.match(unknown.errors, /holds alloy, grafana, loki, prometheus, but not tempo/)
})

test('old backups go, and with them exactly what nobody else names', async (context) => {
  const { data, target, fresh, quartet } = await setUp(context)
  await quartet('backup', target, '--data', data)
  const blocks = join(data, 'loki', 'blocks')
  await rm(join(blocks, (await readdir(blocks))[0]!), { recursive: true })
  await quartet('backup', target, '--data', data)
  const all = (await objectsOf(target)).length
  await writeFile(join(target, 'objects', 'left.part'), 'half')
  const third = await quartet('backup', target, '--data', data, '--keep', '2')
  assert.match(third.out, /removed 1 old backups and .* in 2 objects/)
  assert.equal((await objectsOf(target)).length, all - 2)
  assert.ok(!(await readdir(join(target, 'objects'))).includes('left.part'))
  assert.equal((await quartet('verify', target)).code, 0)
  await quartet('restore', target, '--data', fresh)
  assert.deepEqual(await contentsOf(fresh), await contentsOf(data))
})

test('nothing is removed while another backup runs, and what a dead one said does not count for ever', async (context) => {
  const { data, target, quartet } = await setUp(context)
  await quartet('backup', target, '--data', data)
  const note = join(target, 'running', '20200101T000000000Z-dead-backup.json')
  await writeFile(note, JSON.stringify({ activity: 'backup', renewedMs: Date.now() }))
  const kept = await quartet('backup', target, '--data', data, '--keep', '1')
  assert.equal(kept.code, 0)
  assert.match(kept.errors, /no old backups were removed: .*another backup is running/)
  await writeFile(note, JSON.stringify({ activity: 'backup', renewedMs: Date.now() - 3_600_000 }))
  assert.match((await quartet('backup', target, '--data', data, '--keep', '1')).out, /removed 2 old backups/)
  await writeFile(
    note.replace('backup.json', 'prune.json'),
    JSON.stringify({ activity: 'prune', renewedMs: Date.now() }),
  )
  const met = await quartet('backup', target, '--data', data)
  assert.equal(met.code, 1)
  assert.match(met.errors, /old backups are being removed; try again later/)
})

test('damage is told all at once by verify, and refused by restore', async (context) => {
  const { data, target, fresh, quartet } = await setUp(context)
  await quartet('backup', target, '--data', data)
  const [flipped, short, missing] = (await objectsOf(target)).sort()
  const bytes = await readFile(flipped!)
  bytes[bytes.length >> 1]! ^= 1
  await writeFile(flipped!, bytes)
  const verified = await quartet('verify', target)
  assert.equal(verified.code, 1)
  assert.match(verified.errors, /^error: backup \S+: \S+: objects\/\S+ is damaged: its SHA-256 is/m)
  const refused = await quartet('restore', target, '--data', fresh)
  assert.equal(refused.code, 1)
  assert.match(refused.errors, /objects\/\S+ is damaged/)
  assert.deepEqual((await readdir(fresh)).sort(), ['restore.part'])

  await truncate(short!, 3)
  await rm(missing!)
  const all = await quartet('verify', target)
  assert.match(all.errors, /is damaged: its SHA-256/)
  assert.match(all.errors, /has 3 bytes instead of/)
  assert.match(all.errors, /is missing/)
  const early = await quartet('restore', target, '--data', `${fresh}2`)
  assert.match(early.errors, /has 3 bytes instead of[\s\S]*is missing|is missing[\s\S]*has 3 bytes instead of/)
  assert.equal((await quartet('backup', 'list', target)).code, 0)
})

test('a damaged or foreign manifest is told, and does not stop the next backup', async (context) => {
  const { data, target, quartet } = await setUp(context)
  await quartet('backup', target, '--data', data)
  const [name] = await readdir(join(target, 'backups'))
  const path = join(target, 'backups', name!)
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('"prometheus"', '"../../etc"'))
  assert.match((await quartet('verify', target)).errors, /its manifest is damaged/)
  assert.match((await quartet('backup', 'list', target)).errors, /its manifest is damaged/)
  assert.match((await quartet('restore', target, '--data', `${data}2`)).errors, /its manifest is damaged/)
  assert.equal((await quartet('backup', target, '--data', data)).code, 0)
  // What it names is not known, so nothing may go while it is kept.
  const pruned = await quartet('backup', target, '--data', data, '--keep', '3')
  assert.match(pruned.errors, /no old backups were removed: .*manifest is damaged/)
})

test('verify opens blocks, logs and databases of a data directory and of a backup', async (context) => {
  const { data, target, quartet } = await setUp(context)
  const healthy = await quartet('verify', data)
  assert.equal(healthy.code, 0, healthy.errors)
  const block = join(data, 'loki', 'blocks', (await readdir(join(data, 'loki', 'blocks')))[0]!, 'sections')
  const bytes = await readFile(block)
  bytes[100]! ^= 1
  await writeFile(block, bytes)
  const segments = (await readdir(join(data, 'prometheus', 'wal'))).sort()
  const wal = join(data, 'prometheus', 'wal', segments[0]!)
  const log = await readFile(wal)
  log[500]! ^= 1
  await writeFile(wal, log)
  await rm(join(data, 'prometheus', 'wal', segments[1]!))
  const database = join(data, 'grafana', 'grafana.db')
  const pages = await readFile(database)
  pages.fill(0xff, 4096, 4200)
  await writeFile(database, pages)
  await appendFile(join(data, 'loki', 'wal', (await readdir(join(data, 'loki', 'wal'))).sort().at(-1)!), 'torn')
  for (const place of [data, target]) {
    if (place === target) await quartet('backup', target, '--data', data)
    const found = await quartet('verify', place)
    assert.equal(found.code, 1)
    assert.match(found.errors, /loki\/blocks\/\w+\/\w+.*: section data: wrong checksum/)
    assert.match(found.errors, /prometheus\/wal\/00000000\.wal: at byte 8: skipped \d+ damaged bytes/)
    assert.match(found.errors, /prometheus\/wal\/00000002\.wal: segments before it are missing/)
    assert.match(found.errors, /grafana\/grafana\.db: /)
    assert.match(found.out, /warning: .*loki\/wal\/\d+\.wal: the last 4 bytes are not an intact record/)
  }
})

test('restore writes only into an empty directory that nobody uses', async (context) => {
  const { data, target, fresh, quartet } = await setUp(context)
  await quartet('backup', target, '--data', data)
  assert.match(
    (await quartet('restore', target, '--data', data)).errors,
    /is not empty \(alloy, grafana, loki, prometheus\)/,
  )
  const lock = await lockDataDirectory(fresh)
  assert.match((await quartet('restore', target, '--data', fresh)).errors, /is in use by another Quartet/)
  const held = await quartet('backup', target, '--data', fresh)
  assert.match(held.errors, /does not answer on its control socket/)
  await lock.release()
  assert.equal((await quartet('restore', target, '--data', fresh)).code, 0)
})

test('an interrupted restore goes on with what is there, and nothing starts in between', async (context) => {
  const { data, target, fresh, quartet } = await setUp(context)
  const first = await quartet('backup', target, '--data', data)
  const id = /backup (\S+) is whole/.exec(first.out)![1]!
  await appendWal(join(data, 'prometheus', 'wal'), Buffer.alloc(3000))
  await quartet('backup', target, '--data', data)
  const before = await contentsOf(data)
  await quartet('restore', target, '--data', fresh)
  // As if it had died after moving two of four systems, with one file half-written.
  const part = join(fresh, 'restore.part')
  await mkdir(part)
  const made = (await readdir(join(target, 'backups'))).map((name) => name.replace('.json', ''))
  // Not by order: both may be of the same second.
  const newest = made.find((name) => name !== id)
  await writeFile(
    join(part, 'restore.json'),
    JSON.stringify({ backup: newest, services: ['alloy', 'grafana', 'loki', 'prometheus'] }),
  )
  for (const service of ['loki', 'prometheus']) await rename(join(fresh, service), join(part, service))
  const [segment] = await readdir(join(part, 'loki', 'wal'))
  await truncate(join(part, 'loki', 'wal', segment!), 10)
  await writeFile(join(part, 'loki', 'wal', `${segment}.part`), 'half')

  assert.match(
    (await quartet('restore', target, '--data', fresh, '--id', id)).errors,
    /is an unfinished restore of backup/,
  )
  assert.match((await quartet('serve', 'loki', '--data', fresh)).errors, /holds an unfinished restore/)
  assert.match((await quartet('backup', target, '--data', fresh)).errors, /holds an unfinished restore/)
  const again = await quartet('restore', target, '--data', fresh)
  assert.equal(again.code, 0, again.errors)
  assert.match(again.out, /^prometheus: .*; \d+ were there already$/m)
  assert.deepEqual(await contentsOf(fresh), before)
})

test('a running Quartet is asked for snapshots, also by one that sees its data under another name', async (context) => {
  const { data, target, fresh, quartet } = await setUp(context)
  const lock = await lockDataDirectory(data)
  const removed = Promise.withResolvers<string>()
  const control = await serveControlSocket({
    dataDirectory: data,
    logger: silentLogger,
    controlled: {
      async takeSnapshots(id) {
        const directory = join(data, 'loki', 'deep', 'snapshots', id)
        await mkdir(directory, { recursive: true })
        await writeFile(join(directory, 'state.json'), 'snapshot')
        return [{ service: 'loki', directory, upstream: 'Loki 3' }]
      },
      removeSnapshots: async (id) => removed.resolve(id),
    },
  })
  // As a volume that two containers mount in different places.
  await symlink(data, `${data}-seen-elsewhere`)
  const made = await quartet('backup', target, '--data', `${data}-seen-elsewhere`)
  assert.equal(made.code, 0, made.errors)
  assert.match(made.out, /^loki: /m)
  assert.match(made.out, /^prometheus \(not running\): /m)
  await removed.promise
  assert.match((await quartet('restore', target, '--data', data)).errors, /a Quartet runs on .*; stop it first/)
  await control.close()
  await lock.release()
  await quartet('restore', target, '--data', fresh)
  assert.equal(await readFile(join(fresh, 'loki', 'deep', 'state.json'), 'utf8'), 'snapshot')
  assert.deepEqual(await readdir(join(fresh, 'loki')), ['deep'])
})

test('the wrong place is refused with what to do', async (context) => {
  const { data, target, quartet } = await setUp(context)
  assert.match((await quartet('backup', join(data, 'backups'), '--data', data)).errors, /lies in .* which is backed up/)
  await mkdir(target)
  await writeFile(join(target, 'thesis.txt'), 'mine')
  assert.match(
    (await quartet('backup', target, '--data', data)).errors,
    /is not empty and holds no backups \(there is thesis.txt\)/,
  )
  assert.match(
    (await quartet('backup', `${target}2`, '--data', `${data}-not`)).errors,
    /is not a directory; --data says/,
  )
  assert.match((await quartet('restore', target, '--data', `${data}3`)).errors, /holds no backups of Quartet/)
  assert.match((await quartet('backup', 's3://b@d')).errors, /s3:\/\/bucket\/prefix/)
  const wrong = await quartet('backup', '--kep=3', '--keep=x')
  assert.deepEqual(wrong.errors.split('\n'), ['unknown flag --kep; did you mean --keep?'])
  assert.equal((await quartet('backup')).errors, 'backup needs a place: a folder, or s3://bucket/prefix')
})
