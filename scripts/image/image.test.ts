import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { buildImage } from './build-image.ts'
import type { Image } from './build-image.ts'
import { parseDockerfile } from './dockerfile.ts'
import { readDockerignore } from './dockerignore.ts'
import { whyNoRoots } from './root.ts'

const skip = whyNoRoots() ?? false
let directory: string
let remove: () => Promise<void>
beforeEach(async () => {
  ;({ path: directory, remove } = await temporaryDirectory())
})
afterEach(() => remove())

test('reads stages, continued lines, comments between them and every kind of instruction', () => {
  const stages = parseDockerfile(`# a comment
FROM node:24 AS build
WORKDIR /app
RUN one \\
  # explained
  && two

FROM scratch
COPY --from=build --chown=1:2 /app/a /app/b /to/
ENV A=1 B="two words"
HEALTHCHECK --interval=30s --retries=3 CMD ["node", "health"]
EXPOSE 80 443
CMD ["up"]
`)
  assert.deepEqual(
    stages.map(({ name, base }) => [name, base]),
    [
      ['build', 'node:24'],
      ['1', 'scratch'],
    ],
  )
  assert.deepEqual(stages[0]!.instructions, [
    { kind: 'workdir', line: 3, value: '/app' },
    { kind: 'run', line: 4, command: 'one && two' },
  ])
  assert.deepEqual(stages[1]!.instructions, [
    { kind: 'copy', line: 9, from: 'build', owner: '1:2', sources: ['/app/a', '/app/b'], target: '/to/' },
    {
      kind: 'env',
      line: 10,
      values: new Map([
        ['A', '1'],
        ['B', 'two words'],
      ]),
    },
    { kind: 'healthcheck', line: 11, command: ['node', 'health'] },
    { kind: 'expose', line: 12, ports: [80, 443] },
    { kind: 'cmd', line: 13, command: ['up'] },
  ])
})

test('what it does not understand is an error with its line', () => {
  for (const [text, message] of [
    ['RUN x', /^Error: Dockerfile:1: RUN before FROM/],
    ['FROM a\nONBUILD RUN x', /Dockerfile:2: ONBUILD is not understood/],
    ['FROM a\nCOPY --link a b', /Dockerfile:2: COPY --link is not understood/],
    ['FROM a\nCOPY a', /Dockerfile:2: COPY needs sources and a target/],
    ['FROM a\nCMD node x', /Dockerfile:2: a command is a list/],
    ['FROM a\nENV A', /Dockerfile:2: "A" is not NAME=value/],
  ] as const) {
    assert.throws(() => parseDockerfile(text), message)
  }
})

test('the last pattern decides, a directory’s holds for all in it', () => {
  const isIgnored = readDockerignore('# comment\n.git\n**/*.test.ts\npackages/*/test\nbench/*\n!bench/package.json\n')
  for (const path of ['.git', '.git/config', 'a.test.ts', 'deep/a.test.ts', 'packages/x/test/y.ts', 'bench/src'])
    assert.ok(isIgnored(path), path)
  for (const path of ['.gitignore', 'a.ts', 'packages/x/src', 'packages/test', 'bench', 'bench/package.json'])
    assert.ok(!isIgnored(path), path)
})

function build(files: Record<string, string>): Promise<Image> {
  const context = join(directory, 'context')
  for (const [path, text] of Object.entries({ '.dockerignore': '', ...files })) {
    mkdirSync(dirname(join(context, path)), { recursive: true })
    writeFileSync(join(context, path), text)
  }
  return buildImage({ context, target: join(directory, 'stages'), say: () => undefined })
}

test(
  'steps run in a root of their own, in order, and only what is copied reaches the last stage',
  { skip },
  async () => {
    const image = await build({
      Dockerfile: `FROM node:24 AS build
WORKDIR /work/deep
ENV GREETING=hello
COPY source .
COPY a.txt b.txt renamed/
RUN echo "$GREETING $(pwd) $$" > said && node -p 1+1 > two && ls / > /root-directory
RUN rm one.ts && touch /etc/passwd && exit 1 || echo read-only > /verdict
FROM scratch
COPY --from=build /work /work
COPY --from=build --chown=123:45 /verdict /root-directory /told/
USER 7:8
WORKDIR /work/deep
ENTRYPOINT ["node"]
`,
      'source/one.ts': '1',
      'source/two.ts': '2',
      'source/three.test.ts': '3',
      'a.txt': 'a',
      'b.txt': 'b',
      '.dockerignore': '**/*.test.ts',
    })
    const read = (path: string): string => readFileSync(join(image.root, path), 'utf8').trim()
    assert.equal(read('/work/deep/said'), 'hello /work/deep 1')
    assert.equal(read('/work/deep/two'), '2')
    assert.equal(read('/work/deep/renamed/b.txt'), 'b')
    assert.equal(read('/told/verdict'), 'read-only')
    assert.ok(!read('/told/root-directory').split('\n').includes('home'), 'of this machine nothing else is seen')
    for (const path of ['one.ts', 'three.test.ts']) assert.ok(!existsSync(join(image.root, 'work/deep', path)), path)
    assert.deepEqual([image.user, image.directory, image.entrypoint], ['7:8', '/work/deep', ['node']])
    if (process.getuid?.() !== 0) return
    assert.equal(statSync(join(image.root, 'told/verdict')).uid, 123)
    assert.equal(statSync(join(image.root, 'work/deep/said')).uid, 0)
  },
)

test('a step that fails ends the build with its output, a file that is not there with its line', { skip }, async () => {
  await assert.rejects(
    build({ Dockerfile: 'FROM node:24\nRUN echo why; exit 3' }),
    /RUN echo why; exit 3\nended with 3:\nwhy/,
  )
  await assert.rejects(build({ Dockerfile: 'FROM node:24\nCOPY away .' }), /Dockerfile:2: the context has no away/)
  await assert.rejects(build({ Dockerfile: 'FROM node:24\nCOPY --from=x a .' }), /Dockerfile:2: there is no stage x/)
})
