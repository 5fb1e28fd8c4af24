/**
 * `triflow`: the command line of a gateway. It uses the public API as any program would; only `rebuild` and `lake`
 * open the database and the ledger themselves.
 */
import { parseArgs } from 'node:util'
import { GatewayProblem } from '../client/index.ts'
import { ConfigFault } from '../platform/config.ts'
import { CodedError } from '../platform/faults.ts'
import { connectAs, UsageFault } from './access.ts'
import { importFolder } from './import.ts'
import { printReport } from './report.ts'

const USAGE = `usage:
  triflow import DIR --as ORG[:LOGIN]    upload a folder of files and print what became of each
  triflow report --as ORG[:LOGIN]        the three flows in numbers and money
  triflow rebuild --config FILE          rebuild a gateway's read model from block 0 and compare
  triflow lake status --config FILE      how far its lake is and what lies in it
  triflow lake query SQL --config FILE   ask it; --at-block N or --at INSTANT for the past
  triflow lake search WORDS --config FILE look for documents by what is written in them
  triflow lake verify --config FILE      compare it with the ledger, row by row
  triflow lake upkeep --config FILE      put its files in order now
with --url URL --user LOGIN --password SECRET instead of --as for another gateway`

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function run(argv: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      as: { type: 'string' },
      url: { type: 'string' },
      user: { type: 'string' },
      password: { type: 'string' },
      config: { type: 'string' },
      at: { type: 'string' },
      'at-block': { type: 'string' },
    },
  })
  const target = { as: values.as, url: values.url, user: values.user, password: values.password }
  const [command, folder] = positionals
  switch (command) {
    case 'import':
      if (!folder) throw new UsageFault(USAGE)
      return importFolder(await connectAs(target), folder, say)
    case 'report':
      await printReport(await connectAs(target), say)
      return true
    case 'rebuild': {
      // The database and the ledger are loaded only where they are needed.
      const { runRebuild } = await import('./rebuild.ts')
      return runRebuild(argv, say)
    }
    case 'lake': {
      const { runLake } = await import('./lake.ts')
      const flags = {
        ...(values.at === undefined ? {} : { at: values.at }),
        ...(values['at-block'] === undefined ? {} : { atBlock: values['at-block'] }),
      }
      return runLake(argv, positionals.slice(1), flags, say)
    }
    default:
      throw new UsageFault(USAGE)
  }
}

run(process.argv.slice(2)).then(
  good => process.exit(good ? 0 : 1),
  (error: unknown) => {
    const known =
      error instanceof UsageFault ||
      error instanceof GatewayProblem ||
      error instanceof ConfigFault ||
      error instanceof CodedError
    process.stderr.write(`${known ? error.message : String((error as Error).stack ?? error)}\n`)
    process.exit(error instanceof UsageFault ? 2 : 1)
  },
)
