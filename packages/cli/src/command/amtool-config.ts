import { ConfigError } from '@quartet/runtime'
import { readFile } from 'node:fs/promises'
import { pairs } from './amtool-alert.ts'
import type { AmtoolCommand, AmtoolContext } from './amtool-context.ts'
import { list, text } from './amtool-context.ts'
import { AmtoolError } from './amtool-flags.ts'
import type { FlagSpec } from './amtool-flags.ts'

const CONFIG_FILE: FlagSpec = { name: 'config.file', kind: 'text', help: 'Config file to be tested.' }
const EXPAND: FlagSpec = {
  name: 'config.expand-env',
  kind: 'switch',
  help: 'Quartet only: fill ${NAME} from the environment; on for files of the stack folder',
}

type Tool = AmtoolContext['tool']
type Route = ReturnType<Tool['routeTree']>

interface Status {
  readonly config: { readonly original: string }
  readonly cluster: {
    readonly name?: string
    readonly status: string
    readonly peers?: readonly { name: string; address: string }[]
  }
  readonly uptime: string
  readonly versionInfo: Readonly<Record<string, string>>
}

export const CONFIG_COMMANDS: readonly AmtoolCommand[] = [
  {
    name: 'check-config',
    help: 'Validate alertmanager config files, or what comes on standard input.',
    flags: [EXPAND],
    async run({ flags, print, readInput, tool, words }) {
      let failed = 0
      for (const path of words.length === 0 ? ['-'] : words) {
        let isRead = false
        try {
          const source = path === '-' ? { text: await readInput() } : {}
          const expandEnv = flags['config.expand-env'] === true ? { expandEnv: true } : {}
          const config = await tool.readConfig(path === '-' ? 'stdin' : path, { ...source, ...expandEnv })
          print(`Checking '${path}'  SUCCESS`)
          isRead = true
          print('Found:\n - global config\n - route')
          print(` - ${config.inhibit_rules?.length ?? 0} inhibit rules\n - ${config.receivers?.length ?? 0} receivers`)
          print(` - ${config.templates.length} templates`)
          if (config.templates.length > 0) {
            await tool.checkTemplates(config.templates)
            print('  SUCCESS')
          }
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
          failed++
          print(`${isRead ? '' : `Checking '${path}'`}  FAILED: ${error.problems.join('\n  ')}`)
        }
        print('')
      }
      if (failed > 0) throw new AmtoolError(`failed to validate ${failed} file(s)`)
      return 0
    },
  },
  {
    name: 'config show',
    help: 'View current config.',
    flags: [],
    async run({ client, flags, print }) {
      const status = (await (await client()).get('status')) as Status
      const { config, uptime, versionInfo } = status
      if (flags['output'] === 'json') print(JSON.stringify(status))
      else if (flags['output'] === 'simple') print(config.original)
      else {
        print(config.original)
        for (const [name, value] of Object.entries(versionInfo)) print(`${name} ${value}`)
        print(`uptime ${uptime}`)
      }
      return 0
    },
  },
  {
    name: 'config routes show',
    help: 'Prints alert routing tree.',
    flags: [CONFIG_FILE],
    async run(context) {
      const { print, tool } = context
      const root = await routesOf(context)
      const name = (route: Route): string =>
        `${tool.routeName(route)}${route.continues ? '  continue: true' : ''}  receiver: ${route.options.receiver}`
      print(`Routing tree:\n${drawTree([root], name, ({ routes }) => routes)}\n`)
      return 0
    },
  },
  {
    name: 'config routes test',
    help: 'Test alert routing: prints the receivers that labels lead to.',
    flags: [
      CONFIG_FILE,
      { name: 'verify.receivers', kind: 'text', help: 'Checks if specified receivers matches resolved receivers.' },
      { name: 'tree', kind: 'switch', help: 'Prints out matching routes tree.' },
    ],
    async run(context) {
      const { flags, print, tool, words } = context
      const labels = pairs(context, words)
      const root = await routesOf(context)
      const receivers = tool.matchRoutes(root, labels).map(({ options }) => options.receiver)
      if (flags['tree'] === true) print(`Matching routes:\n${drawMatching(root, labels, tool)}\n\n`)
      const found = receivers.join(',')
      print(found)
      const wanted = text(flags, 'verify.receivers')
      if (wanted === '' || wanted === found) return 0
      print('WARNING: Expected receivers did not match resolved receivers.')
      return 1
    },
  },
  {
    name: 'template render',
    help: 'Render a given definition in a template file to standard output.',
    flags: [
      { name: 'template.glob', kind: 'list', help: 'Glob of paths that will be expanded and used for rendering.' },
      { name: 'template.text', kind: 'text', help: 'The template that will be rendered.' },
      { name: 'template.type', kind: 'text', default: 'text', help: 'The type of the template: text or html.' },
      {
        name: 'template.data',
        kind: 'text',
        help: 'Full path to a file with the data of the template, as webhooks have it.',
      },
    ],
    async run({ flags, nowMs, print, tool }) {
      const globs = list(flags, 'template.glob')
      const type = text(flags, 'template.type')
      if (globs.length === 0) throw new AmtoolError('required flag --template.glob not provided')
      if (text(flags, 'template.text') === '') throw new AmtoolError('required flag --template.text not provided')
      if (type !== 'text' && type !== 'html')
        throw new AmtoolError(`enum value must be one of html,text, got '${type}'`)
      const dataPath = text(flags, 'template.data')
      try {
        const rendered = await tool.renderTemplate({
          globs,
          text: text(flags, 'template.text'),
          isHtml: type === 'html',
          dataJson: dataPath === '' ? undefined : await readFile(dataPath, 'utf8'),
          nowMs,
        })
        print(rendered)
      } catch (error) {
        if (error instanceof tool.TemplateError) throw new AmtoolError(error.message, { cause: error })
        throw error
      }
      return 0
    },
  },
  {
    name: 'cluster show',
    help: 'View cluster status and peers.',
    flags: [],
    async run({ client, flags, print }) {
      const { cluster } = (await (await client()).get('status')) as Status
      if (flags['output'] === 'json') print(JSON.stringify(cluster))
      else print(`Cluster Status:  ${cluster.status}\nNode Name:       ${cluster.name ?? ''}`)
      return 0
    },
  },
]

/** From a file, or from the running Alertmanager. */
async function routesOf({ client, flags, tool }: AmtoolContext): Promise<Route> {
  const path = text(flags, 'config.file')
  if (path !== '') return tool.routeTree(await tool.readConfig(path))
  const { config } = (await (await client()).get('status')) as Status
  return tool.routeTree(await tool.readConfig('config of the server', { text: config.original }))
}

function drawMatching(root: Route, labels: Readonly<Record<string, string>>, tool: Tool): string {
  const matching = (route: Route): readonly Route[] => {
    const found: Route[] = []
    for (const child of route.routes) {
      if (!tool.isMatching(child, labels)) continue
      found.push(child)
      if (!child.continues) break
    }
    return found
  }
  const name = (route: Route): string =>
    tool.routeName(route) + (matching(route).length === 0 ? `  receiver: ${route.options.receiver}` : '')
  return drawTree([root], name, matching)
}

function drawTree<T>(roots: readonly T[], name: (node: T) => string, children: (node: T) => readonly T[]): string {
  // Upstream indents below a branch with two spaces that do not break.
  const lines = ['.']
  const draw = (nodes: readonly T[], indent: string): void => {
    for (const [index, node] of nodes.entries()) {
      const isLast = index === nodes.length - 1
      lines.push(`${indent}${isLast ? '└── ' : '├── '}${name(node)}`)
      draw(children(node), indent + (isLast ? '    ' : '│\u00a0\u00a0 '))
    }
  }
  draw(roots, '')
  return lines.join('\n')
}
