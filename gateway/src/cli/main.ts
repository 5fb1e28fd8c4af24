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
  triflow lake export SQL --out FILE --purpose WHY [--format csv|jsonl|parquet] --config FILE
                                         an answer that may leave the house, as over HTTP
  triflow lake tables                    what analysts may ask, by role, and what its columns hold
  triflow lake lineage TABLE COLUMN      where a column comes from, down to the ledger
  triflow lake search WORDS --config FILE
                                         documents by what is written in them
  triflow lake verify --config FILE      compare it with the ledger, row by row
  triflow lake upkeep --config FILE      put its files in order now
  triflow lake kpi [NAME] --config FILE  the figures it answers, or one of them
  triflow lake rebuild --config FILE     bring the ledger again from block 0, where files are broken
  triflow lake forget --subject KIND/ID --reason CASE [--source NAME] --config FILE
                                         delete a person or a member from it, and print the proof
  triflow lake check-proof PROOF --config FILE
                                         whether such a proof holds; --subject KIND/ID to search again
  triflow lake features --decisions FILE.csv --out FILE.parquet --config FILE
                                         what was known of each member at each moment
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
      subject: { type: 'string' },
      source: { type: 'string' },
      reason: { type: 'string' },
      certificate: { type: 'string' },
      decisions: { type: 'string' },
      out: { type: 'string' },
      format: { type: 'string' },
      purpose: { type: 'string' },
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
      const { 'at-block': atBlock, ...others } = values
      return runLake(argv, positionals.slice(1), { ...others, atBlock }, say)
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
