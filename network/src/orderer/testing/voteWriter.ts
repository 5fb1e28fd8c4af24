/** Appends numbered records for ever and prints each number once it is synced. Killed by its test. */
import { VoteLog } from '../voteLog.ts'

const { log } = await VoteLog.open(process.argv[2]!)
for (let number = 0; ; number += 1) {
  log.append(Buffer.from(String(number).padEnd(50, '.')))
  await log.sync()
  process.stdout.write(`${number}\n`)
}
