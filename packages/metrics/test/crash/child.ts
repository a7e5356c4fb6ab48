import { openDatabase, requestOf } from './workload.ts'

/** Writes rounds from the given one on, four at a time, and says each that was acknowledged, until it is killed. */
const [directory, firstRound] = process.argv.slice(2)
const database = await openDatabase(directory)
process.stdout.write('open\n')
let maintaining: Promise<void> | undefined
for (let round = Number(firstRound); ; round += 4) {
  const rounds = [round, round + 1, round + 2, round + 3]
  await Promise.all(
    rounds.map(async (one) => {
      const report = await database.appendRemoteWrite(requestOf(one))
      if (report.problem !== undefined) throw new Error(report.problem)
      process.stdout.write(`${one}\n`)
    }),
  )
  if (round % 40 === 0) {
    maintaining ??= database.maintain().finally(() => (maintaining = undefined))
  }
}
