import { startRules } from './rules-system.ts'

/** Evaluates rules until it is killed; says where it listens. */
const running = await startRules(process.argv[2])
process.stdout.write(`${running.endpoints[0].url}\n`)
setInterval(() => undefined, 60_000)
