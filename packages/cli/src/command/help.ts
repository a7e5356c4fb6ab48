import type { SystemEntry } from '../system-table.ts'
import { loadSystem } from '../system-table.ts'

/** Every command and every flag, the systems' own included. */
export async function help(systems: readonly SystemEntry[], print: (line: string) => void): Promise<void> {
  print(GENERAL)
  for (const entry of systems) {
    try {
      const definition = await loadSystem(entry)
      print(`${entry.service} (${entry.name}), stands in for ${definition.upstream}:`)
      for (const { name, default: text, help } of definition.flags) {
        print(`  --${entry.service}.${name}${text === undefined ? '' : `=${text}`}`)
        print(`      ${help}`)
      }
    } catch (error) {
      print(
        `${entry.service} (${entry.name}): cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    print('')
  }
}

const GENERAL = `quartet [command] [system…] [flags]

  up                 everything (the default)
  serve <system…>    some systems; with one, its flags need no prefix
  check [system…]    reads every configuration file and says what is wrong, without effect or not supported
  backup <place>     copies all data to a folder or s3://bucket/prefix, also while everything runs
  backup list <place>
  restore <place>    writes a backup into an empty data directory
  verify <place>     reads every byte of the backups, or of a data directory, and says what is wrong
  amtool …           alerts, silences, configuration and templates of an Alertmanager, as Prometheus's amtool has it
  promtool …         checks of configuration and rules, unit tests of rules, queries, as Prometheus's promtool has them
  import prometheus <dir>   takes over the data directory of a Prometheus
  export prometheus <dir>   writes blocks that a Prometheus and promtool read
  version, help

  --data=./data        where everything is stored
  --stack=./stack      where the configuration files are
  --listen=127.0.0.1   host to listen on where a flag names only a port
  --log-level=warn     debug, info, warn, error or silent

backup, restore and verify have flags of their own: quartet backup --help

Signals: SIGINT and SIGTERM stop in order, a second one at once; SIGHUP reads the configuration again.
`
