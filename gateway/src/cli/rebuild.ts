import { openDatabase } from '../platform/database/database.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { connectLedger } from '../process.ts'
import { rebuild } from '../projection/rebuild.ts'
import { table } from './table.ts'

/** Rebuilds the read model of one gateway from block 0 beside the live one and compares the two. */
export async function runRebuild(
  argv: readonly string[],
  say: (line: string) => void,
): Promise<boolean> {
  const config = readConfig(argv)
  const log = createLog({ level: 'warn', organization: config.organization })
  const ledger = connectLedger(config, log)
  const live = openDatabase({ url: config.databaseUrl, connections: 2, log })
  let said = 0
  try {
    const report = await rebuild({
      url: config.databaseUrl,
      live,
      ledger,
      ownMsp: config.mspId,
      log,
      onProgress: block => {
        if (Date.now() - said < 1_000) return
        said = Date.now()
        say(`block ${block}`)
      },
    })
    const rows = Object.keys(report.rows).map(name => [
      name,
      String(report.rows[name]),
      String(report.different[name]),
    ])
    say(`Rebuilt from block 0 to ${report.blocks}`)
    for (const line of table(['table', 'rows', 'different'], rows)) say(line)
    say(report.equal ? 'Equal, row by row.' : 'NOT EQUAL: stop the gateway and tell the operator.')
    return report.equal
  } finally {
    ledger.close()
    await live.close()
  }
}
